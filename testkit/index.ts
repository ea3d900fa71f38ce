export { FakeClock } from './fake-clock.ts';
export { launchBrowser } from './launch-browser.ts';
export { RecordingEncoding, RecordingOutlet } from './recording-outlet.ts';
export { CountingMeter, silentLog } from './silent-operations.ts';
export {
  type ProcessEnd,
  runTidewall,
  startTidewall,
  type TidewallProcess,
  type TidewallServer,
} from './start-process.ts';
export { startTestHost, type TestHost, type TestHostOptions } from './start-test-host.ts';
export { TcpProxy } from './tcp-proxy.ts';
