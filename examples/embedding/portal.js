import { screenInFrame } from './screen-in-frame.js';

const byId = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));
const frame = byId('wall');
const city = byId('city');
frame.src = new URLSearchParams(location.search).get('wall') ?? 'http://localhost:7070/s/hall';

const screen = screenInFrame(frame, async (message) => {
  const line = document.createElement('li');
  line.textContent = JSON.stringify(message);
  byId('said').append(line);
  // Again after each load of the frame: the screen has forgotten what was followed.
  if (message.type === 'tidewall.ready') await screen.follow('status', 'variables', 'element');
  if (message.type === 'tidewall.status') byId('state').textContent = message.status;
  if (message.type === 'tidewall.variables' && message.variables.city !== undefined)
    city.value = message.variables.city;
});

city.addEventListener('change', () => screen.set({ city: city.value }));
