/** Made by prometheus_client 0.26.0 through client-0.26.0.py, which says how; do not edit. */

/** A name, and its spelling as a metric name and as a label name in each scheme. */
export const NAMES: readonly {
  name: string;
  metric: readonly string[];
  label: readonly string[];
}[] = [
  { name: 'a', metric: ['a', 'a', 'a', 'a'], label: ['a', 'a', 'a', 'a'] },
  { name: 'A9', metric: ['A9', 'A9', 'A9', 'A9'], label: ['A9', 'A9', 'A9', 'A9'] },
  { name: '_', metric: ['_', '__', '_', '_'], label: ['_', '__', '_', '_'] },
  { name: '__', metric: ['__', '____', '__', '__'], label: ['__', '____', 'U______', '"__"'] },
  {
    name: '__a',
    metric: ['__a', '____a', '__a', '__a'],
    label: ['__a', '____a', 'U______a', '"__a"'],
  },
  {
    name: '__name__',
    metric: ['__name__', '____name____', '__name__', '__name__'],
    label: ['__name__', '____name____', 'U______name____', '"__name__"'],
  },
  { name: '_a_', metric: ['_a_', '__a__', '_a_', '_a_'], label: ['_a_', '__a__', '_a_', '_a_'] },
  { name: ':', metric: [':', ':', ':', ':'], label: ['_', '__', 'U___3a_', '":"'] },
  {
    name: 'a:b',
    metric: ['a:b', 'a:b', 'a:b', 'a:b'],
    label: ['a_b', 'a__b', 'U__a_3a_b', '"a:b"'],
  },
  { name: ':a', metric: [':a', ':a', ':a', ':a'], label: ['_a', '__a', 'U___3a_a', '":a"'] },
  {
    name: '7up',
    metric: ['_up', '__up', 'U___37_up', '"7up"'],
    label: ['_up', '__up', 'U___37_up', '"7up"'],
  },
  {
    name: '77',
    metric: ['_7', '__7', 'U___37_7', '"77"'],
    label: ['_7', '__7', 'U___37_7', '"77"'],
  },
  { name: 'a7', metric: ['a7', 'a7', 'a7', 'a7'], label: ['a7', 'a7', 'a7', 'a7'] },
  {
    name: 'a.b',
    metric: ['a_b', 'a_dot_b', 'U__a_2e_b', '"a.b"'],
    label: ['a_b', 'a_dot_b', 'U__a_2e_b', '"a.b"'],
  },
  { name: '.', metric: ['_', '_dot_', 'U___2e_', '"."'], label: ['_', '_dot_', 'U___2e_', '"."'] },
  {
    name: '..',
    metric: ['__', '_dot__dot_', 'U___2e__2e_', '".."'],
    label: ['__', '_dot__dot_', 'U___2e__2e_', '".."'],
  },
  { name: 'a_b', metric: ['a_b', 'a__b', 'a_b', 'a_b'], label: ['a_b', 'a__b', 'a_b', 'a_b'] },
  {
    name: 'a.b_c',
    metric: ['a_b_c', 'a_dot_b__c', 'U__a_2e_b__c', '"a.b_c"'],
    label: ['a_b_c', 'a_dot_b__c', 'U__a_2e_b__c', '"a.b_c"'],
  },
  {
    name: 'a_dot_b',
    metric: ['a_dot_b', 'a__dot__b', 'a_dot_b', 'a_dot_b'],
    label: ['a_dot_b', 'a__dot__b', 'a_dot_b', 'a_dot_b'],
  },
  {
    name: 'a b',
    metric: ['a_b', 'a__b', 'U__a_20_b', '"a b"'],
    label: ['a_b', 'a__b', 'U__a_20_b', '"a b"'],
  },
  { name: ' ', metric: ['_', '__', 'U___20_', '" "'], label: ['_', '__', 'U___20_', '" "'] },
  {
    name: 'a-b',
    metric: ['a_b', 'a__b', 'U__a_2d_b', '"a-b"'],
    label: ['a_b', 'a__b', 'U__a_2d_b', '"a-b"'],
  },
  {
    name: 'http.server.requests',
    metric: [
      'http_server_requests',
      'http_dot_server_dot_requests',
      'U__http_2e_server_2e_requests',
      '"http.server.requests"',
    ],
    label: [
      'http_server_requests',
      'http_dot_server_dot_requests',
      'U__http_2e_server_2e_requests',
      '"http.server.requests"',
    ],
  },
  {
    name: 'temp\u00e9rature',
    metric: ['temp_rature', 'temp__rature', 'U__temp_e9_rature', '"temp\u00e9rature"'],
    label: ['temp_rature', 'temp__rature', 'U__temp_e9_rature', '"temp\u00e9rature"'],
  },
  {
    name: '\u00df',
    metric: ['_', '__', 'U___df_', '"\u00df"'],
    label: ['_', '__', 'U___df_', '"\u00df"'],
  },
  {
    name: '\u4e16\u754c',
    metric: ['__', '____', 'U___4e16__754c_', '"\u4e16\u754c"'],
    label: ['__', '____', 'U___4e16__754c_', '"\u4e16\u754c"'],
  },
  {
    name: '\u2713',
    metric: ['_', '__', 'U___2713_', '"\u2713"'],
    label: ['_', '__', 'U___2713_', '"\u2713"'],
  },
  {
    name: 'a\u2713',
    metric: ['a_', 'a__', 'U__a_2713_', '"a\u2713"'],
    label: ['a_', 'a__', 'U__a_2713_', '"a\u2713"'],
  },
  {
    name: '\u2713a',
    metric: ['_a', '__a', 'U___2713_a', '"\u2713a"'],
    label: ['_a', '__a', 'U___2713_a', '"\u2713a"'],
  },
  {
    name: '\ud83d\ude00',
    metric: ['_', '__', 'U___1f600_', '"\ud83d\ude00"'],
    label: ['_', '__', 'U___1f600_', '"\ud83d\ude00"'],
  },
  {
    name: 'a\ud83d\ude00b',
    metric: ['a_b', 'a__b', 'U__a_1f600_b', '"a\ud83d\ude00b"'],
    label: ['a_b', 'a__b', 'U__a_1f600_b', '"a\ud83d\ude00b"'],
  },
  {
    name: '\uffee',
    metric: ['_', '__', 'U___ffee_', '"\uffee"'],
    label: ['_', '__', 'U___ffee_', '"\uffee"'],
  },
  {
    name: '\u0000',
    metric: ['_', '__', 'U___0_', '"\u0000"'],
    label: ['_', '__', 'U___0_', '"\u0000"'],
  },
  {
    name: 'a\tb',
    metric: ['a_b', 'a__b', 'U__a_9_b', '"a\tb"'],
    label: ['a_b', 'a__b', 'U__a_9_b', '"a\tb"'],
  },
  {
    name: 'a\nb',
    metric: ['a_b', 'a__b', 'U__a_a_b', '"a\\nb"'],
    label: ['a_b', 'a__b', 'U__a_a_b', '"a\\nb"'],
  },
  {
    name: '\na',
    metric: ['_a', '__a', 'U___a_a', '"\\na"'],
    label: ['_a', '__a', 'U___a_a', '"\\na"'],
  },
  {
    name: 'a"b',
    metric: ['a_b', 'a__b', 'U__a_22_b', '"a\\"b"'],
    label: ['a_b', 'a__b', 'U__a_22_b', '"a\\"b"'],
  },
  { name: '"', metric: ['_', '__', 'U___22_', '"\\""'], label: ['_', '__', 'U___22_', '"\\""'] },
  {
    name: 'a\\b',
    metric: ['a_b', 'a__b', 'U__a_5c_b', '"a\\\\b"'],
    label: ['a_b', 'a__b', 'U__a_5c_b', '"a\\\\b"'],
  },
  {
    name: '{}',
    metric: ['__', '____', 'U___7b__7d_', '"{}"'],
    label: ['__', '____', 'U___7b__7d_', '"{}"'],
  },
  {
    name: 'a,b',
    metric: ['a_b', 'a__b', 'U__a_2c_b', '"a,b"'],
    label: ['a_b', 'a__b', 'U__a_2c_b', '"a,b"'],
  },
  {
    name: 'a=b',
    metric: ['a_b', 'a__b', 'U__a_3d_b', '"a=b"'],
    label: ['a_b', 'a__b', 'U__a_3d_b', '"a=b"'],
  },
  {
    name: 'U__a',
    metric: ['U__a', 'U____a', 'U__a', 'U__a'],
    label: ['U__a', 'U____a', 'U__a', 'U__a'],
  },
  {
    name: 'U__a_2e_b',
    metric: ['U__a_2e_b', 'U____a__2e__b', 'U__a_2e_b', 'U__a_2e_b'],
    label: ['U__a_2e_b', 'U____a__2e__b', 'U__a_2e_b', 'U__a_2e_b'],
  },
  {
    name: 'constructor',
    metric: ['constructor', 'constructor', 'constructor', 'constructor'],
    label: ['constructor', 'constructor', 'constructor', 'constructor'],
  },
  {
    name: '\u00e9',
    metric: ['_', '__', 'U___e9_', '"\u00e9"'],
    label: ['_', '__', 'U___e9_', '"\u00e9"'],
  },
  {
    name: '\u0663',
    metric: ['_', '__', 'U___663_', '"\u0663"'],
    label: ['_', '__', 'U___663_', '"\u0663"'],
  },
  {
    name: 'a\u0663',
    metric: ['a_', 'a__', 'U__a_663_', '"a\u0663"'],
    label: ['a_', 'a__', 'U__a_663_', '"a\u0663"'],
  },
  {
    name: '\u2028',
    metric: ['_', '__', 'U___2028_', '"\u2028"'],
    label: ['_', '__', 'U___2028_', '"\u2028"'],
  },
  {
    name: '\u007f',
    metric: ['_', '__', 'U___7f_', '"\u007f"'],
    label: ['_', '__', 'U___7f_', '"\u007f"'],
  },
  {
    name: '\u0080',
    metric: ['_', '__', 'U___80_', '"\u0080"'],
    label: ['_', '__', 'U___80_', '"\u0080"'],
  },
  {
    name: '\ufeff',
    metric: ['_', '__', 'U___feff_', '"\ufeff"'],
    label: ['_', '__', 'U___feff_', '"\ufeff"'],
  },
  {
    name: '\uffff',
    metric: ['_', '__', 'U___ffff_', '"\uffff"'],
    label: ['_', '__', 'U___ffff_', '"\uffff"'],
  },
  {
    name: '\udbff\udfff',
    metric: ['_', '__', 'U___10ffff_', '"\udbff\udfff"'],
    label: ['_', '__', 'U___10ffff_', '"\udbff\udfff"'],
  },
];

/** The bits of a double, big-endian, and what floatToGoString prints. */
export const NUMBERS: readonly (readonly [bits: string, printed: string])[] = [
  ['0000000000000000', '0.0'],
  ['8000000000000000', '-0.0'],
  ['3ff0000000000000', '1.0'],
  ['bff0000000000000', '-1.0'],
  ['3fb999999999999a', '0.1'],
  ['3fd3333333333333', '0.3'],
  ['3fd5555555555555', '0.3333333333333333'],
  ['4004000000000000', '2.5'],
  ['4024000000000000', '10.0'],
  ['405edd2f1a9fbe77', '123.456'],
  ['40f869f000000000', '99999.0'],
  ['412e847e00000000', '999999.0'],
  ['412e847f00000000', '999999.5'],
  ['412e848000000000', '1e+06'],
  ['412e848100000000', '1.0000005e+06'],
  ['4132d68700000000', '1.234567e+06'],
  ['4136e36000000000', '1.5e+06'],
  ['416312cfe0000000', '9.999999e+06'],
  ['416312d000000000', '1e+07'],
  ['423cbe991a140000', '1.23456789012e+11'],
  ['4202a05f20000000', '1e+10'],
  ['430c6bf526340000', '1e+15'],
  ['431550f7dca70000', '1.5e+15'],
  ['4340000000000000', '9.007199254740992e+15'],
  ['4341c37937e07fff', '9.999999999999998e+15'],
  ['4341c37937e08000', '1e+16'],
  ['434aa535d3d0c000', '1.5e+16'],
  ['4376345785d8a000', '1e+17'],
  ['444b1ae4d6e2ef50', '1e+21'],
  ['4480f0cf064dd592', '1e+22'],
  ['448969368974c05b', '1.5e+22'],
  ['54b249ad2594c37d', '1e+100'],
  ['7fefffffffffffff', '1.7976931348623157e+308'],
  ['c12e847e00000000', '-999999.0'],
  ['c12e848000000000', '-1000000.0'],
  ['c132d68780000000', '-1234567.5'],
  ['c30c6bf526340000', '-1000000000000000.0'],
  ['c341c37937e07fff', '-9999999999999998.0'],
  ['c341c37937e08000', '-1e+16'],
  ['c44b1ae4d6e2ef50', '-1e+21'],
  ['3f50624dd2f1a9fc', '0.001'],
  ['3f1a36e2eb1c432d', '0.0001'],
  ['3f202e4b6ce5dc68', '0.00012345'],
  ['3ee4f8b588e368f1', '1e-05'],
  ['3ee9e3abe16fc70d', '1.2345e-05'],
  ['3eb0c6f7a0b5ed8d', '1e-06'],
  ['3e7ad7f29abcaf48', '1e-07'],
  ['3e8421f5f40d8376', '1.5e-07'],
  ['3ddb7cdfd9d7bdbb', '1e-10'],
  ['2b2bff2ee48e0530', '1e-100'],
  ['0000000000000001', '5e-324'],
  ['0010000000000000', '2.2250738585072014e-308'],
  ['bf1a36e2eb1c432d', '-0.0001'],
  ['bee4f8b588e368f1', '-1e-05'],
  ['4340000000000000', '9.007199254740992e+15'],
  ['43e0000000000000', '9.223372036854776e+18'],
  ['43f0000000000000', '1.8446744073709552e+19'],
  ['7ff0000000000000', '+Inf'],
  ['fff0000000000000', '-Inf'],
  ['7ff8000000000000', 'NaN'],
];

/** A text, and the bits of what float() reads, null where it raises ValueError. */
export const FLOATS: readonly (readonly [text: string, bits: string | null])[] = [
  ['0', '0000000000000000'],
  ['1', '3ff0000000000000'],
  ['1.', '3ff0000000000000'],
  ['.5', '3fe0000000000000'],
  ['01.00', '3ff0000000000000'],
  ['1e0', '3ff0000000000000'],
  ['1E5', '40f86a0000000000'],
  ['1.e5', '40f86a0000000000'],
  ['+1', '3ff0000000000000'],
  ['-1', 'bff0000000000000'],
  ['-0', '8000000000000000'],
  ['1e+010', '4202a05f20000000'],
  ['1e-5', '3ee4f8b588e368f1'],
  ['1_0', '4024000000000000'],
  ['1_0.0_1', '4024051eb851eb85'],
  ['1e1_0', '4202a05f20000000'],
  ['.5_0', '3fe0000000000000'],
  [' 1 ', '3ff0000000000000'],
  ['\t1\n', '3ff0000000000000'],
  ['\u000b1\f\r', '3ff0000000000000'],
  ['\u30001', '3ff0000000000000'],
  ['\u00851\u00a0', '3ff0000000000000'],
  ['1\u2028', '3ff0000000000000'],
  ['\uff11\uff12', '4028000000000000'],
  ['\u0663.\u0665', '400c000000000000'],
  ['\u0661e\u0662', '4059000000000000'],
  ['\ud835\udfce\ud835\udfd7', '4022000000000000'],
  ['\ud835\udfd9', '3ff0000000000000'],
  ['inf', '7ff0000000000000'],
  ['+Inf', '7ff0000000000000'],
  ['-INF', 'fff0000000000000'],
  ['Infinity', '7ff0000000000000'],
  ['-infinity', 'fff0000000000000'],
  ['nan', '7ff8000000000000'],
  ['+NaN', '7ff8000000000000'],
  ['-nan', 'fff8000000000000'],
  ['1e400', '7ff0000000000000'],
  ['-1e400', 'fff0000000000000'],
  ['1e-400', '0000000000000000'],
  ['123456789012345678901234567890', '45f8ee90ff6c373e'],
  ['0.1000000000000000055511151231257827', '3fb999999999999a'],
  ['', null],
  [' ', null],
  ['.', null],
  ['+', null],
  ['-', null],
  ['e5', null],
  ['1e', null],
  ['1e+', null],
  ['1.2.3', null],
  ['1 0', null],
  ['_1', null],
  ['1_', null],
  ['1__0', null],
  ['1_.0', null],
  ['1._0', null],
  ['1_e5', null],
  ['1e_5', null],
  ['0x1', null],
  ['1f', null],
  ['1d', null],
  ['in', null],
  ['infinit', null],
  ['in_f', null],
  ['inf_', null],
  ['++1', null],
  ['+-1', null],
  ['NaN1', null],
  ['\u00001', null],
  ['1\u0000', null],
  ['\u001c1', null],
  ['\ufeff1', null],
  ['\u4e00', null],
  ['\u00bd', null],
  ['1,0', null],
  ['1e5.0', null],
];

/** A family whose values are all 1, and its exposition in a format and an escaping. */
export const FAMILIES: readonly {
  name: string;
  type: string;
  help: string;
  samples: readonly (readonly [string, Readonly<Record<string, string>>])[];
  printed: Readonly<Record<string, string>>;
}[] = [
  {
    name: 'requests',
    type: 'counter',
    help: 'Help',
    samples: [
      ['requests_total', {}],
      ['requests_total', { a: 'b' }],
    ],
    printed: {
      'text-1.0.0 underscores':
        '# HELP requests_total Help\n# TYPE requests_total counter\nrequests_total 1.0\nrequests_total{a="b"} 1.0\n',
      'text-1.0.0 dots':
        '# HELP requests__total Help\n# TYPE requests__total counter\nrequests__total 1.0\nrequests__total{a="b"} 1.0\n',
      'text-1.0.0 values':
        '# HELP requests_total Help\n# TYPE requests_total counter\nrequests_total 1.0\nrequests_total{a="b"} 1.0\n',
      'text-1.0.0 allow-utf-8':
        '# HELP requests_total Help\n# TYPE requests_total counter\nrequests_total 1.0\nrequests_total{a="b"} 1.0\n',
      'openmetrics underscores':
        '# HELP requests Help\n# TYPE requests counter\nrequests_total 1.0\nrequests_total{a="b"} 1.0\n# EOF\n',
      'openmetrics allow-utf-8':
        '# HELP requests Help\n# TYPE requests counter\nrequests_total 1.0\nrequests_total{a="b"} 1.0\n# EOF\n',
    },
  },
  {
    name: 'requests',
    type: 'counter',
    help: '',
    samples: [
      ['requests_total', {}],
      ['requests_created', {}],
    ],
    printed: {
      'text-1.0.0 underscores':
        '# HELP requests_total \n# TYPE requests_total counter\nrequests_total 1.0\n# HELP requests_created \n# TYPE requests_created gauge\nrequests_created 1.0\n',
      'text-1.0.0 dots':
        '# HELP requests__total \n# TYPE requests__total counter\nrequests__total 1.0\n# HELP requests__created \n# TYPE requests__created gauge\nrequests__created 1.0\n',
      'text-1.0.0 values':
        '# HELP requests_total \n# TYPE requests_total counter\nrequests_total 1.0\n# HELP requests_created \n# TYPE requests_created gauge\nrequests_created 1.0\n',
      'text-1.0.0 allow-utf-8':
        '# HELP requests_total \n# TYPE requests_total counter\nrequests_total 1.0\n# HELP requests_created \n# TYPE requests_created gauge\nrequests_created 1.0\n',
      'openmetrics underscores':
        '# HELP requests \n# TYPE requests counter\nrequests_total 1.0\nrequests_created 1.0\n# EOF\n',
      'openmetrics allow-utf-8':
        '# HELP requests \n# TYPE requests counter\nrequests_total 1.0\nrequests_created 1.0\n# EOF\n',
    },
  },
  {
    name: 'http.requests',
    type: 'counter',
    help: 'a "quoted" \\ and\na line',
    samples: [
      [
        'http.requests_total',
        { path: 'a"b\\c\nd', '\u00e9': '\u2713', 'z.z': '', B: '\r\t', __x: '1', '7x': '7' },
      ],
    ],
    printed: {
      'text-1.0.0 underscores':
        '# HELP http_requests_total a "quoted" \\\\ and\\na line\n# TYPE http_requests_total counter\nhttp_requests_total{_x="7",B="\r\t",__x="1",path="a\\"b\\\\c\\nd",z_z="",_="\u2713"} 1.0\n',
      'text-1.0.0 dots':
        '# HELP http_dot_requests__total a "quoted" \\\\ and\\na line\n# TYPE http_dot_requests__total counter\nhttp_dot_requests__total{__x="7",B="\r\t",____x="1",path="a\\"b\\\\c\\nd",z_dot_z="",__="\u2713"} 1.0\n',
      'text-1.0.0 values':
        '# HELP U__http_2e_requests__total a "quoted" \\\\ and\\na line\n# TYPE U__http_2e_requests__total counter\nU__http_2e_requests__total{U___37_x="7",B="\r\t",U______x="1",path="a\\"b\\\\c\\nd",U__z_2e_z="",U___e9_="\u2713"} 1.0\n',
      'text-1.0.0 allow-utf-8':
        '# HELP "http.requests_total" a "quoted" \\\\ and\\na line\n# TYPE "http.requests_total" counter\n{"http.requests_total","7x"="7",B="\r\t","__x"="1",path="a\\"b\\\\c\\nd","z.z"="","\u00e9"="\u2713"} 1.0\n',
      'openmetrics underscores':
        '# HELP http_requests a \\"quoted\\" \\\\ and\\na line\n# TYPE http_requests counter\nhttp_requests_total{_x="7",B="\r\t",__x="1",path="a\\"b\\\\c\\nd",z_z="",_="\u2713"} 1.0\n# EOF\n',
      'openmetrics allow-utf-8':
        '# HELP "http.requests" a \\"quoted\\" \\\\ and\\na line\n# TYPE "http.requests" counter\n{"http.requests_total","7x"="7",B="\r\t","__x"="1",path="a\\"b\\\\c\\nd","z.z"="","\u00e9"="\u2713"} 1.0\n# EOF\n',
    },
  },
  {
    name: 'http.requests',
    type: 'counter',
    help: 'x',
    samples: [['http.requests_total', {}]],
    printed: {
      'text-1.0.0 underscores':
        '# HELP http_requests_total x\n# TYPE http_requests_total counter\nhttp_requests_total 1.0\n',
      'text-1.0.0 dots':
        '# HELP http_dot_requests__total x\n# TYPE http_dot_requests__total counter\nhttp_dot_requests__total 1.0\n',
      'text-1.0.0 values':
        '# HELP U__http_2e_requests__total x\n# TYPE U__http_2e_requests__total counter\nU__http_2e_requests__total 1.0\n',
      'text-1.0.0 allow-utf-8':
        '# HELP "http.requests_total" x\n# TYPE "http.requests_total" counter\n{"http.requests_total"} 1.0\n',
      'openmetrics underscores':
        '# HELP http_requests x\n# TYPE http_requests counter\nhttp_requests_total 1.0\n# EOF\n',
      'openmetrics allow-utf-8':
        '# HELP "http.requests" x\n# TYPE "http.requests" counter\n{"http.requests_total"} 1.0\n# EOF\n',
    },
  },
  {
    name: 'depth',
    type: 'gauge',
    help: 'x',
    samples: [
      ['depth', { pid: '1' }],
      ['depth', { pid: '2' }],
    ],
    printed: {
      'text-1.0.0 underscores':
        '# HELP depth x\n# TYPE depth gauge\ndepth{pid="1"} 1.0\ndepth{pid="2"} 1.0\n',
      'text-1.0.0 dots':
        '# HELP depth x\n# TYPE depth gauge\ndepth{pid="1"} 1.0\ndepth{pid="2"} 1.0\n',
      'text-1.0.0 values':
        '# HELP depth x\n# TYPE depth gauge\ndepth{pid="1"} 1.0\ndepth{pid="2"} 1.0\n',
      'text-1.0.0 allow-utf-8':
        '# HELP depth x\n# TYPE depth gauge\ndepth{pid="1"} 1.0\ndepth{pid="2"} 1.0\n',
      'openmetrics underscores':
        '# HELP depth x\n# TYPE depth gauge\ndepth{pid="1"} 1.0\ndepth{pid="2"} 1.0\n# EOF\n',
      'openmetrics allow-utf-8':
        '# HELP depth x\n# TYPE depth gauge\ndepth{pid="1"} 1.0\ndepth{pid="2"} 1.0\n# EOF\n',
    },
  },
  {
    name: 'depth',
    type: 'gauge',
    help: 'x',
    samples: [],
    printed: {
      'text-1.0.0 underscores': '# HELP depth x\n# TYPE depth gauge\n',
      'text-1.0.0 dots': '# HELP depth x\n# TYPE depth gauge\n',
      'text-1.0.0 values': '# HELP depth x\n# TYPE depth gauge\n',
      'text-1.0.0 allow-utf-8': '# HELP depth x\n# TYPE depth gauge\n',
      'openmetrics underscores': '# HELP depth x\n# TYPE depth gauge\n# EOF\n',
      'openmetrics allow-utf-8': '# HELP depth x\n# TYPE depth gauge\n# EOF\n',
    },
  },
  {
    name: 'build',
    type: 'info',
    help: 'x',
    samples: [['build_info', { version: '1' }]],
    printed: {
      'text-1.0.0 underscores':
        '# HELP build_info x\n# TYPE build_info gauge\nbuild_info{version="1"} 1.0\n',
      'text-1.0.0 dots':
        '# HELP build__info x\n# TYPE build__info gauge\nbuild__info{version="1"} 1.0\n',
      'text-1.0.0 values':
        '# HELP build_info x\n# TYPE build_info gauge\nbuild_info{version="1"} 1.0\n',
      'text-1.0.0 allow-utf-8':
        '# HELP build_info x\n# TYPE build_info gauge\nbuild_info{version="1"} 1.0\n',
      'openmetrics underscores':
        '# HELP build x\n# TYPE build info\nbuild_info{version="1"} 1.0\n# EOF\n',
      'openmetrics allow-utf-8':
        '# HELP build x\n# TYPE build info\nbuild_info{version="1"} 1.0\n# EOF\n',
    },
  },
  {
    name: 'state',
    type: 'stateset',
    help: 'x',
    samples: [
      ['state', { state: 'on' }],
      ['state', { state: 'off' }],
    ],
    printed: {
      'text-1.0.0 underscores':
        '# HELP state x\n# TYPE state gauge\nstate{state="on"} 1.0\nstate{state="off"} 1.0\n',
      'text-1.0.0 dots':
        '# HELP state x\n# TYPE state gauge\nstate{state="on"} 1.0\nstate{state="off"} 1.0\n',
      'text-1.0.0 values':
        '# HELP state x\n# TYPE state gauge\nstate{state="on"} 1.0\nstate{state="off"} 1.0\n',
      'text-1.0.0 allow-utf-8':
        '# HELP state x\n# TYPE state gauge\nstate{state="on"} 1.0\nstate{state="off"} 1.0\n',
      'openmetrics underscores':
        '# HELP state x\n# TYPE state stateset\nstate{state="on"} 1.0\nstate{state="off"} 1.0\n# EOF\n',
      'openmetrics allow-utf-8':
        '# HELP state x\n# TYPE state stateset\nstate{state="on"} 1.0\nstate{state="off"} 1.0\n# EOF\n',
    },
  },
  {
    name: 'old',
    type: 'unknown',
    help: 'x',
    samples: [['old', {}]],
    printed: {
      'text-1.0.0 underscores': '# HELP old x\n# TYPE old untyped\nold 1.0\n',
      'text-1.0.0 dots': '# HELP old x\n# TYPE old untyped\nold 1.0\n',
      'text-1.0.0 values': '# HELP old x\n# TYPE old untyped\nold 1.0\n',
      'text-1.0.0 allow-utf-8': '# HELP old x\n# TYPE old untyped\nold 1.0\n',
      'openmetrics underscores': '# HELP old x\n# TYPE old unknown\nold 1.0\n# EOF\n',
      'openmetrics allow-utf-8': '# HELP old x\n# TYPE old unknown\nold 1.0\n# EOF\n',
    },
  },
  {
    name: 't',
    type: 'summary',
    help: 'x',
    samples: [
      ['t_count', {}],
      ['t_sum', {}],
      ['t_created', {}],
    ],
    printed: {
      'text-1.0.0 underscores':
        '# HELP t x\n# TYPE t summary\nt_count 1.0\nt_sum 1.0\n# HELP t_created x\n# TYPE t_created gauge\nt_created 1.0\n',
      'text-1.0.0 dots':
        '# HELP t x\n# TYPE t summary\nt__count 1.0\nt__sum 1.0\n# HELP t__created x\n# TYPE t__created gauge\nt__created 1.0\n',
      'text-1.0.0 values':
        '# HELP t x\n# TYPE t summary\nt_count 1.0\nt_sum 1.0\n# HELP t_created x\n# TYPE t_created gauge\nt_created 1.0\n',
      'text-1.0.0 allow-utf-8':
        '# HELP t x\n# TYPE t summary\nt_count 1.0\nt_sum 1.0\n# HELP t_created x\n# TYPE t_created gauge\nt_created 1.0\n',
      'openmetrics underscores':
        '# HELP t x\n# TYPE t summary\nt_count 1.0\nt_sum 1.0\nt_created 1.0\n# EOF\n',
      'openmetrics allow-utf-8':
        '# HELP t x\n# TYPE t summary\nt_count 1.0\nt_sum 1.0\nt_created 1.0\n# EOF\n',
    },
  },
  {
    name: 'h',
    type: 'histogram',
    help: 'x',
    samples: [
      ['h_sum', {}],
      ['h_bucket', { le: '1.0' }],
      ['h_bucket', { le: '+Inf' }],
      ['h_count', {}],
    ],
    printed: {
      'text-1.0.0 underscores':
        '# HELP h x\n# TYPE h histogram\nh_sum 1.0\nh_bucket{le="1.0"} 1.0\nh_bucket{le="+Inf"} 1.0\nh_count 1.0\n',
      'text-1.0.0 dots':
        '# HELP h x\n# TYPE h histogram\nh__sum 1.0\nh__bucket{le="1.0"} 1.0\nh__bucket{le="+Inf"} 1.0\nh__count 1.0\n',
      'text-1.0.0 values':
        '# HELP h x\n# TYPE h histogram\nh_sum 1.0\nh_bucket{le="1.0"} 1.0\nh_bucket{le="+Inf"} 1.0\nh_count 1.0\n',
      'text-1.0.0 allow-utf-8':
        '# HELP h x\n# TYPE h histogram\nh_sum 1.0\nh_bucket{le="1.0"} 1.0\nh_bucket{le="+Inf"} 1.0\nh_count 1.0\n',
      'openmetrics underscores':
        '# HELP h x\n# TYPE h histogram\nh_sum 1.0\nh_bucket{le="1.0"} 1.0\nh_bucket{le="+Inf"} 1.0\nh_count 1.0\n# EOF\n',
      'openmetrics allow-utf-8':
        '# HELP h x\n# TYPE h histogram\nh_sum 1.0\nh_bucket{le="1.0"} 1.0\nh_bucket{le="+Inf"} 1.0\nh_count 1.0\n# EOF\n',
    },
  },
  {
    name: 'gh',
    type: 'gaugehistogram',
    help: 'x\n',
    samples: [
      ['gh_gsum', {}],
      ['gh_bucket', { le: '+Inf' }],
      ['gh_gcount', {}],
      ['gh_created', {}],
      ['gh_gsum', { a: 'b' }],
    ],
    printed: {
      'text-1.0.0 underscores':
        '# HELP gh x\\n\n# TYPE gh histogram\ngh_bucket{le="+Inf"} 1.0\n# HELP gh_created x\\n\n# TYPE gh_created gauge\ngh_created 1.0\n# HELP gh_gcount x\\n\n# TYPE gh_gcount gauge\ngh_gcount 1.0\n# HELP gh_gsum x\\n\n# TYPE gh_gsum gauge\ngh_gsum 1.0\ngh_gsum{a="b"} 1.0\n',
      'text-1.0.0 dots':
        '# HELP gh x\\n\n# TYPE gh histogram\ngh__bucket{le="+Inf"} 1.0\n# HELP gh__created x\\n\n# TYPE gh__created gauge\ngh__created 1.0\n# HELP gh__gcount x\\n\n# TYPE gh__gcount gauge\ngh__gcount 1.0\n# HELP gh__gsum x\\n\n# TYPE gh__gsum gauge\ngh__gsum 1.0\ngh__gsum{a="b"} 1.0\n',
      'text-1.0.0 values':
        '# HELP gh x\\n\n# TYPE gh histogram\ngh_bucket{le="+Inf"} 1.0\n# HELP gh_created x\\n\n# TYPE gh_created gauge\ngh_created 1.0\n# HELP gh_gcount x\\n\n# TYPE gh_gcount gauge\ngh_gcount 1.0\n# HELP gh_gsum x\\n\n# TYPE gh_gsum gauge\ngh_gsum 1.0\ngh_gsum{a="b"} 1.0\n',
      'text-1.0.0 allow-utf-8':
        '# HELP gh x\\n\n# TYPE gh histogram\ngh_bucket{le="+Inf"} 1.0\n# HELP gh_created x\\n\n# TYPE gh_created gauge\ngh_created 1.0\n# HELP gh_gcount x\\n\n# TYPE gh_gcount gauge\ngh_gcount 1.0\n# HELP gh_gsum x\\n\n# TYPE gh_gsum gauge\ngh_gsum 1.0\ngh_gsum{a="b"} 1.0\n',
      'openmetrics underscores':
        '# HELP gh x\\n\n# TYPE gh gaugehistogram\ngh_gsum 1.0\ngh_bucket{le="+Inf"} 1.0\ngh_gcount 1.0\ngh_created 1.0\ngh_gsum{a="b"} 1.0\n# EOF\n',
      'openmetrics allow-utf-8':
        '# HELP gh x\\n\n# TYPE gh gaugehistogram\ngh_gsum 1.0\ngh_bucket{le="+Inf"} 1.0\ngh_gcount 1.0\ngh_created 1.0\ngh_gsum{a="b"} 1.0\n# EOF\n',
    },
  },
  {
    name: 'g.h',
    type: 'gaugehistogram',
    help: 'x',
    samples: [
      ['g.h_gcount', {}],
      ['g.h_bucket', { le: '+Inf' }],
    ],
    printed: {
      'text-1.0.0 underscores':
        '# HELP g_h x\n# TYPE g_h histogram\ng_h_bucket{le="+Inf"} 1.0\n# HELP g_h_gcount x\n# TYPE g_h_gcount gauge\ng_h_gcount 1.0\n',
      'text-1.0.0 dots':
        '# HELP g_dot_h x\n# TYPE g_dot_h histogram\ng_dot_h__bucket{le="+Inf"} 1.0\n# HELP g_dot_h__gcount x\n# TYPE g_dot_h__gcount gauge\ng_dot_h__gcount 1.0\n',
      'text-1.0.0 values':
        '# HELP U__g_2e_h x\n# TYPE U__g_2e_h histogram\nU__g_2e_h__bucket{le="+Inf"} 1.0\n# HELP U__g_2e_h__gcount x\n# TYPE U__g_2e_h__gcount gauge\nU__g_2e_h__gcount 1.0\n',
      'text-1.0.0 allow-utf-8':
        '# HELP "g.h" x\n# TYPE "g.h" histogram\n{"g.h_bucket",le="+Inf"} 1.0\n# HELP "g.h_gcount" x\n# TYPE "g.h_gcount" gauge\n{"g.h_gcount"} 1.0\n',
      'openmetrics underscores':
        '# HELP g_h x\n# TYPE g_h gaugehistogram\ng_h_gcount 1.0\ng_h_bucket{le="+Inf"} 1.0\n# EOF\n',
      'openmetrics allow-utf-8':
        '# HELP "g.h" x\n# TYPE "g.h" gaugehistogram\n{"g.h_gcount"} 1.0\n{"g.h_bucket",le="+Inf"} 1.0\n# EOF\n',
    },
  },
];
