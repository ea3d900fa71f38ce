// Any program that prints lines: a pump's pressure and flow, twice a second.
let turn = 0;
setInterval(() => {
  turn += 0.15;
  const pressure = 6 + 1.5 * Math.sin(turn) + Math.random() * 0.2;
  const flow = 11 + 2 * Math.cos(turn / 2) + Math.random() * 0.3;
  process.stdout.write(`${JSON.stringify({ pressure: Number(pressure.toFixed(2)), flow: Number(flow.toFixed(2)) })}\n`);
}, 500);
