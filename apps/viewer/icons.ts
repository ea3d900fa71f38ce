/** Outlines of the few buttons, on a grid of 20 by 20. */
const PATHS = {
  home: 'M3 9.5 10 4l7 5.5M5 8.5V16h10V8.5',
  theme: 'M10 3a7 7 0 1 0 0 14zM10 3a7 7 0 0 1 0 14',
  language: 'M3 10h14M10 3c4 4 4 10 0 14M10 3c-4 4-4 10 0 14M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14z',
  fullScreen: 'M3 7V3h4M13 3h4v4M17 13v4h-4M7 17H3v-4',
  health: 'M2 10h4l2-5 4 10 2-5h4',
  close: 'M5 5l10 10M15 5 5 15',
} as const;

export type IconName = keyof typeof PATHS;

const SVG = 'http://www.w3.org/2000/svg';

/** A drawing in the colour of the text around it. */
export function createIcon(name: IconName): SVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 20 20');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', PATHS[name]);
  svg.append(path);
  return svg;
}
