/*
 * Lines by hand: each rule of line protocol, and each way to break it. What InfluxDB makes of them is asked of a real one.
 */

const T = '1700000000000000000';
const numbers = [
  ...['1', '1.', '.5', '-.5', '0', '-0', '00012.5', '0.1', '0.30000000000000004', '123456789012345.6789', '5.e3'],
  ...['1e5', '1E5', '1e+5', '1e-5', '1.5e3', '1e-400', '1.7976931348623157e308', '4.9e-324', '2.2250738585072011e-308'],
  ...['12345678901234567890', '9007199254740993', '0.1234567890123456789012345678901234567890'],
  ...['.', '-', '-.', '1e', '1e+', '1e400', '-1e400', '1.5e3.2', '1..2', '1.2.3', '--1', '+1', '1-1', '0x10', '1_000'],
  ...['1.7976931348623159e308', 'NaN', 'nan', 'N', 'Inf', '-Inf', 'inf', '1n', '1a', 'e5', '-e5', '1e5e5', '.e3'],
  ...['1i', '-1i', '007i', '-0i', '9223372036854775807i', '-9223372036854775808i', '9007199254740993i'],
  ...['9223372036854775808i', '-9223372036854775809i', '1.0i', '1e3i', 'i', '-i', '1ii', '9i1'],
];
const booleans = [
  ...['t', 'T', 'true', 'True', 'TRUE', 'f', 'F', 'false', 'False', 'FALSE'],
  ...['tRUE', 'tr', 'yes', 'TrUe', 'falsee', 'x'],
];
const texts = [
  ...['"a"', '""', '"a b"', '"a,b=c"', '"a\\"b"', '"a\\\\b"', '"a\\b"', '"a\\\\"', '"a\nb"', '"中文"', '"a\\ b"'],
  ...['"a\\,b"', '"a\\=b"', '"a\tb"', '"=" ', '"a\\', '"a', 'a"', "'a'", '"a" "b"', '"a\\\nb"'],
];

/** Those on which InfluxDB and we must agree, taken or refused. */
export const LINES: readonly string[] = [
  // Names and tags.
  ...['cpu', 'c\\,pu', 'c\\ pu', 'c\\=pu', 'c=pu', 'c"pu', 'c\\"pu', '"cpu"', 'c\\pu', 'c\\\\pu', 'cpu\\\\', 'cpu#x'],
  ...[
    'cpu,host=a',
    'cpu,b=1,a=2',
    'cpu,ho\\ st=a',
    'cpu,ho\\,st=a',
    'cpu,ho\\=st=a',
    'cpu,host=a\\ b',
    'cpu,host=a\\,b',
  ],
  ...['cpu,host=a\\=b', 'cpu,host=a\\b', 'cpu,host=a\\\\b', 'cpu,host=a\\\\', 'cpu,host=a\\', 'cpu\\,a=b'],
  ...[
    'cpu,host="a"',
    'cpu,host="a b"',
    'cpu,"host"=a',
    'cpu,host=a=b',
    'cpu,host==a',
    'cpu,=a',
    'cpu,host=',
    'cpu,host',
  ],
  ...['cpu,', 'cpu,,a=b', 'cpu,a=b,', ',a=b', 'cpu,a=1,a=2', 'cpu,a=1,b=2,a=3', '\\,', 'cpu\\\nx', 'cpu,a=b\\\nc'],
  ...[
    '产线,城市=上海',
    'a/b,c/d=e/f',
    'a.b,c=.',
    '.',
    '..',
    '~',
    'a~20b,x=~',
    'cpu,id=1,t=2',
    '-',
    '-,a=b',
    '__proto__,constructor=__proto__',
  ],
].map((key) => `${key} v=1 ${T}`);

export const MORE_LINES: readonly string[] = [
  ...[...numbers, ...booleans, ...texts].map((value) => `cpu v=${value} ${T}`),
  ...[
    'f\\ x',
    'f\\,x',
    'f\\=x',
    'f"x',
    '"f"',
    'f\\"x',
    'f\\x',
    'f\\\\',
    'f\\\\x',
    'f=x',
    '\\ ',
    '值',
    't',
    'id',
    '~',
    '__proto__',
    'toString',
  ].map((name) => `cpu ${name}=1 ${T}`),
  ...['v=1i,w=2.5,x="y",z=true', 'v=1,w=2,v=3', 'v=', '=1', 'v', 'v=1,w', 'v=1,', 'v=1,,w=2', 'v=1,=2', ',v=1'].map(
    (fields) => `cpu ${fields} ${T}`,
  ),
  ...[
    '-1',
    '0',
    '1',
    '1.5',
    '1e5',
    'abc',
    '-',
    '+1',
    `${T}i`,
    '99999999999999999999',
    `${T}1`,
    `00${T}`,
    '000',
    '1700000000123456789',
    `${T}  x`,
    `${T} `,
  ].map((time) => `cpu v=1 ${time}`),
  // What is around the parts.
  ...['cpu', 'cpu ', 'cpu v=', `cpu  v=1 ${T}`, `cpu v=1  ${T}`, ` cpu v=1 ${T}`, `\tcpu v=1 ${T}`, `cpu\tv=1 ${T}`],
  ...[`cpu v=1\t${T}`, `cpu \tv=1 ${T}`, `cpu v=1 \t${T}`, `cpu v=1 # ${T}`, 'cpu v=1', `cpu,a=b v=1 ${T}\\\nx`],
  ...['# a comment', '#', '', '\n', '   ', `\n\ncpu v=1 ${T}\n\n`, `cpu v=1 ${T}\n# x\nmem v=2 ${T}`],
  ...[
    `cpu v=1 ${T}\nbad\nmem v=2 ${T}`,
    `cpu v="a\nmem v=2 ${T}`,
    `cpu,host=a host2="b" ${T}`,
    `# a="\nb v=1 ${T}\n" v=1 ${T}`,
  ],
];

/** Those of which InfluxDB takes what we refuse, or the other way round, each with the reason. */
export const DIFFERENT: Readonly<Record<string, readonly [ours: 'taken' | 'refused', why: string]>> = {
  [`cpu v=1u ${T}`]: ['taken', 'unsigned numbers, which later versions of InfluxDB take'],
  [`cpu v=1 ${T}\r\n`]: ['taken', 'line ends of Windows'],
  'cpu v=1\r\n': ['taken', 'line ends of Windows'],
  [`cpu v="a" ${T}\r\n`]: ['taken', 'line ends of Windows'],
  [`cpu,time=1 v=1 ${T}`]: ['taken', 'no name is taken by the time'],
  [`cpu time=1 ${T}`]: ['taken', 'no name is taken by the time'],
  [`cpu v="a"b ${T}`]: ['refused', 'what stands behind a text, which InfluxDB makes a part of it'],
  [`cpu v="a""b" ${T}`]: ['refused', 'what stands behind a text, which InfluxDB makes a part of it'],
  [`cpu v="a"\\ ${T}`]: ['refused', 'what stands behind a text, which InfluxDB makes a part of it'],
  'cpu v=1 9223372036854775806': ['refused', 'a time that is far ahead'],
};
