{
  'targets': [
    {
      'target_name': 'promfold',
      'sources': [
        'binding.cc',
        'core/accumulate.cc',
        'core/block_pool.cc',
        'core/directory.cc',
        'core/errno_name.cc',
        'core/fault.cc',
        'core/file_set.cc',
        'core/fold.cc',
        'core/gather.cc',
        'core/guard.cc',
        'core/helper_thread.cc',
        'core/inspect_file.cc',
        'core/key_table.cc',
        'core/layout.cc',
        'core/mapping.cc',
        'core/metric_file.cc',
        'core/number.cc',
        'core/printed_numbers.cc',
        'core/read_file.cc',
        'core/render.cc',
        'core/shared_column.cc',
        'core/wanted_slots.cc',
      ],
      'include_dirs': ["<!(node -p \"require('node-addon-api').include_dir\")"],
      'defines': [
        'NAPI_VERSION=8',
        'NAPI_DISABLE_CPP_EXCEPTIONS',
        'NODE_ADDON_API_DISABLE_DEPRECATED',
      ],
      'cflags': ['-Wall', '-Wextra', '-fstack-protector-strong', '-fvisibility=hidden'],
      'cflags_cc!': ['-std=gnu++17', '-std=gnu++14', '-fno-rtti'],
      'cflags_cc': ['-std=c++20', '-fno-exceptions'],
      'configurations': {
        'Release': {
          # _FORTIFY_SOURCE needs an optimising build.
          'defines': ['_FORTIFY_SOURCE=2', 'NDEBUG'],
          'cflags': ['-O3'],
        },
      },
      'ldflags': ['-Wl,-z,relro,-z,now'],
    },
  ],
}
