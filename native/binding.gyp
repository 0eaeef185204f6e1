# Hardening, measured by the instructions of a warm scrape of vLLM's shape, a tenth of its values changed:
#
#   -fcf-protection, -fstack-clash-protection    0.2 % more
#   _GLIBCXX_ASSERTIONS in all but promfold_hot  none that can be told
#   _GLIBCXX_ASSERTIONS in promfold_hot          33 % more: left out
{
  'target_defaults': {
    'include_dirs': ['.', "<!(node -p \"require('node-addon-api').include_dir\")"],
    'cflags': [
      '-Wall',
      '-Wextra',
      '-fstack-protector-strong',
      '-fstack-clash-protection',
      '-fvisibility=hidden',
    ],
    'cflags_cc!': ['-std=gnu++17', '-std=gnu++14', '-fno-rtti'],
    'cflags_cc': ['-std=c++20', '-fno-exceptions'],
    'conditions': [
      # Enforced once Node and its libraries are built so, too.
      ['target_arch=="x64" or target_arch=="ia32"', {'cflags': ['-fcf-protection']}],
      ['target_arch=="arm64"', {'cflags': ['-mbranch-protection=standard']}],
    ],
    'configurations': {
      'Release': {
        # _FORTIFY_SOURCE needs an optimising build.
        'defines': ['_FORTIFY_SOURCE=2', 'NDEBUG'],
        'cflags': ['-O3'],
      },
    },
  },
  'targets': [
    {
      # What runs for every value or line of a scrape. It works on columns that the other target made, and decodes
      # nothing that others wrote.
      'target_name': 'promfold_hot',
      'type': 'static_library',
      'sources': [
        'core/accumulate.cc',
        'core/block_pool.cc',
        'core/file_list.cc',
        'core/file_set.cc',
        'core/fold.cc',
        'core/gather.cc',
        'core/gather_pass.cc',
        'core/helper_thread.cc',
        'core/number.cc',
        'core/printed_numbers.cc',
        'core/render.cc',
        'core/rows.cc',
        'core/shared_column.cc',
        'core/survey.cc',
        'core/wanted_slots.cc',
      ],
    },
    {
      'target_name': 'promfold',
      'dependencies': ['promfold_hot'],
      'sources': [
        'binding/addon.cc',
        'binding/bodies.cc',
        'binding/call.cc',
        'binding/convert.cc',
        'binding/file_set_object.cc',
        'binding/inspect.cc',
        'binding/queries.cc',
        'binding/set_results.cc',
        'binding/templates.cc',
        'core/blocking_jobs.cc',
        'core/detached_thread.cc',
        'core/directory.cc',
        'core/entry_index.cc',
        'core/errno_name.cc',
        'core/fault.cc',
        'core/file_access.cc',
        'core/file_format.cc',
        'core/file_system.cc',
        'core/guard.cc',
        'core/host_lookup.cc',
        'core/inspect_file.cc',
        'core/key_table.cc',
        'core/mapping.cc',
        'core/metric_file.cc',
        'core/open_file.cc',
        'core/path_query.cc',
        'core/read_budget.cc',
        'core/read_file.cc',
        'core/retain_files.cc',
        'core/retained_values.cc',
        'core/value_columns.cc',
      ],
      'defines': [
        'NAPI_VERSION=8',
        'NAPI_DISABLE_CPP_EXCEPTIONS',
        'NODE_ADDON_API_DISABLE_DEPRECATED',
        # An index or a span beyond its end ends the process.
        '_GLIBCXX_ASSERTIONS',
      ],
      'ldflags': ['-Wl,-z,relro,-z,now,-z,noexecstack'],
    },
  ],
}
