export { FakeClock } from './fake-clock.ts';
export { RecordingEncoding, RecordingOutlet } from './recording-outlet.ts';
export { CountingMeter, silentLog } from './silent-operations.ts';
export { TcpProxy } from './tcp-proxy.ts';
