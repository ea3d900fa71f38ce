export { FakeClock } from './fake-clock.ts';
export { launchBrowser } from './launch-browser.ts';
export { findProgram, hasPythonModule, PYTHON } from './programs.ts';
export { RecordingEncoding, RecordingOutlet } from './recording-outlet.ts';
export { CountingMeter, silentLog } from './silent-operations.ts';
export { SmallDisk } from './small-disk.ts';
export { startClickhouse } from './start-clickhouse.ts';
export { startMariadb } from './start-mariadb.ts';
export { type DatabaseServer, type DatabaseServerOptions, findPostgres, startPostgres } from './start-postgres.ts';
export {
  type ProcessEnd,
  runTidewall,
  startTidewall,
  type TidewallProcess,
  type TidewallServer,
} from './start-process.ts';
export { freePort, type ProgramOptions, type StartedProgram, startProgram } from './start-program.ts';
export { startTestHost, type TestHost, type TestHostOptions } from './start-test-host.ts';
export { TcpProxy } from './tcp-proxy.ts';
export { createTestAuthority, type TestAuthority, type TestCertificate } from './test-authority.ts';
export { type ProviderLies, TestProvider } from './test-provider.ts';
export { eventually, type TestServer, TestServers } from './test-servers.ts';
export { TestStore, withStoreOf } from './test-store.ts';
