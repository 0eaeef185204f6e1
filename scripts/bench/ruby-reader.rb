# The C reader of the same family of files: prometheus-client-mmap (Debian: ruby-prometheus-client-mmap).
#
#   ruby scripts/bench/ruby-reader.rb DIRECTORY [RUNS]
#
# Writes the numbers of DIRECTORY (made by `npm run bench -- --only fleet-100 --keep`) in its layout,
# keys [metric, name, [labels], [values]] with 8-byte values and mode and process in the file name,
# and prints the median of FastMmapedFile.to_metrics over all files, in milliseconds, in-process.
require 'json'
require 'tmpdir'
require 'prometheus/client'
require 'prometheus/client/formats/text'

# prometheus_client: used:int32 pad:int32 (length:int32 key pad value:f64 timestamp:f64)*
def entries(path)
  bytes = File.binread(path)
  used = bytes.unpack1('l<')
  at = 8
  found = []
  while at < used
    length = bytes.unpack1('l<', offset: at)
    value_at = at + 4 + length + 8 - (4 + length) % 8
    found << [JSON.parse(bytes[at + 4, length]), bytes.unpack1('E', offset: value_at)]
    at = value_at + 16
  end
  found
end

def write(path, entries)
  body = +''.b
  entries.each do |(family, name, labels, _help), value|
    key = JSON.generate([family, name, labels.keys.map(&:to_sym), labels.values])
    body << [key.bytesize].pack('l<') << key.b << ' ' * (8 - (4 + key.bytesize) % 8) << [value].pack('E')
  end
  File.open(path, 'wb') do |file|
    file << [8 + body.bytesize, 0].pack('l<l<') << body
    size = 4096
    size *= 2 while size < 8 + body.bytesize
    file.truncate(size)
  end
end

directory, runs = ARGV
Dir.mktmpdir('promfold-ruby-') do |ours|
  Dir.glob("#{directory}/*.db").sort.each do |path|
    # counter_1000.db becomes counter_all_1000-0.db, as this client names every type's mode.
    kind, mode, process = File.basename(path, '.db').match(/\A([a-z]+)(?:_([a-z]+))?_(\d+)\z/).captures
    write("#{ours}/#{kind}_#{mode || 'all'}_#{process}-0.db", entries(path))
  end
  times = Array.new((runs || 11).to_i) do
    started = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    @text = Prometheus::Client::Formats::Text.marshal_multiprocess(ours)
    (Process.clock_gettime(Process::CLOCK_MONOTONIC) - started) * 1000
  end
  series = @text.lines.count { |line| !line.start_with?('#') }
  puts "#{times.sort[times.size / 2].round(1)} ms median of #{times.size}, #{series} series, #{@text.bytesize} bytes"
end
