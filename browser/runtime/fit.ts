import type { Fit } from '@tidewall/screen';

/** Where a screen stands in its window, in CSS pixels. */
export interface Layout {
  readonly scaleX: number;
  readonly scaleY: number;
  /** CSS pixels a design pixel, for fonts and lines. */
  readonly scale: number;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** Which ways the window scrolls. */
  readonly scrollX: boolean;
  readonly scrollY: boolean;
}

export interface Extent {
  readonly width: number;
  readonly height: number;
}

/** How a canvas stands in a window of any size. An axis that is too small is centred; one too large scrolls or is cut. */
export function layoutCanvas(canvas: Extent, view: Extent, fit: Fit): Layout {
  const byWidth = view.width / canvas.width;
  const byHeight = view.height / canvas.height;
  switch (fit) {
    case 'contain':
      return place(canvas, view, Math.min(byWidth, byHeight));
    case 'cover':
      return place(canvas, view, Math.max(byWidth, byHeight));
    case 'width':
      return place(canvas, view, byWidth, byWidth, 'y');
    case 'height':
      return place(canvas, view, byHeight, byHeight, 'x');
    case 'stretch':
      return place(canvas, view, byWidth, byHeight);
    case 'none':
      return place(canvas, view, 1, 1, 'xy');
  }
}

function place(
  canvas: Extent,
  view: Extent,
  scaleX: number,
  scaleY = scaleX,
  scrolls: 'x' | 'y' | 'xy' | '' = '',
): Layout {
  const width = canvas.width * scaleX;
  const height = canvas.height * scaleY;
  const scrollX = scrolls.includes('x') && width > view.width;
  const scrollY = scrolls.includes('y') && height > view.height;
  return {
    scaleX,
    scaleY,
    scale: Math.min(scaleX, scaleY),
    // What scrolls starts at its edge: a negative offset could not be scrolled to.
    left: scrollX ? 0 : (view.width - width) / 2,
    top: scrollY ? 0 : (view.height - height) / 2,
    width,
    height,
    scrollX,
    scrollY,
  };
}

/** A rectangle in CSS pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Where a frame in design pixels stands in its layout. Its edges lie on whole pixels of the glass, so that borders are
 * crisp and neighbours that touch in the design touch on the glass.
 */
export function placeFrame(
  frame: { readonly x: number; readonly y: number; readonly w: number; readonly h: number },
  layout: Layout,
  pixelRatio: number,
): Box {
  const snap = (value: number) => Math.round(value * pixelRatio) / pixelRatio;
  const left = snap(layout.left + frame.x * layout.scaleX);
  const top = snap(layout.top + frame.y * layout.scaleY);
  return {
    left,
    top,
    width: snap(layout.left + (frame.x + frame.w) * layout.scaleX) - left,
    height: snap(layout.top + (frame.y + frame.h) * layout.scaleY) - top,
  };
}
