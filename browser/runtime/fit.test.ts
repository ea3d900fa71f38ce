import { FITS } from '@tidewall/screen/schema';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { layoutCanvas, placeFrame } from './fit.ts';

const HD = { width: 1920, height: 1080 };

test('contain shows all of it, centred, and leaves bars', () => {
  expect(layoutCanvas(HD, { width: 960, height: 1080 }, 'contain')).toMatchObject({ scale: 0.5, left: 0, top: 270 });
});

test('cover fills the window and cuts what is over, the same on both sides', () => {
  const layout = layoutCanvas(HD, { width: 1080, height: 1080 }, 'cover');
  expect(layout).toMatchObject({ scale: 1, left: -420, top: 0, scrollX: false });
});

test('width and height scroll the other way and start at the edge', () => {
  expect(layoutCanvas(HD, { width: 1920, height: 500 }, 'width')).toMatchObject({ scale: 1, top: 0, scrollY: true });
  expect(layoutCanvas(HD, { width: 500, height: 1080 }, 'height')).toMatchObject({ scale: 1, left: 0, scrollX: true });
  expect(layoutCanvas(HD, { width: 960, height: 1080 }, 'width')).toMatchObject({ scrollY: false, top: 270 });
});

test('stretch fills both ways, and letters follow the smaller scale', () => {
  const layout = layoutCanvas(HD, { width: 3840, height: 1080 }, 'stretch');
  expect(layout).toMatchObject({ scaleX: 2, scaleY: 1, scale: 1, left: 0, top: 0 });
});

test('none keeps design pixels', () => {
  expect(layoutCanvas(HD, { width: 3840, height: 500 }, 'none')).toMatchObject({
    scale: 1,
    left: 960,
    top: 0,
    scrollY: true,
  });
});

const extent = fc.record({ width: fc.integer({ min: 16, max: 8000 }), height: fc.integer({ min: 16, max: 8000 }) });

test('nothing that can be scrolled to lies before the edge, for any window and fit', () => {
  fc.assert(
    fc.property(extent, extent, fc.constantFrom(...FITS), (canvas, view, fit) => {
      const layout = layoutCanvas(canvas, view, fit);
      if (fit !== 'cover') expect(Math.min(layout.left, layout.top)).toBeGreaterThanOrEqual(-1e-9);
      if (fit === 'contain' || fit === 'stretch') {
        expect(layout.width).toBeLessThanOrEqual(view.width + 1e-9);
        expect(layout.height).toBeLessThanOrEqual(view.height + 1e-9);
      }
    }),
  );
});

test('edges lie on whole pixels of the glass, and frames that touch in the design touch there', () => {
  const ratio = fc.constantFrom(1, 1.25, 1.5, 2, 3);
  const part = fc.integer({ min: 0, max: 1900 });
  fc.assert(
    fc.property(extent, ratio, part, fc.integer({ min: 1, max: 500 }), (view, pixelRatio, x, w) => {
      const layout = layoutCanvas(HD, view, 'contain');
      const left = placeFrame({ x, y: 0, w, h: 10 }, layout, pixelRatio);
      const right = placeFrame({ x: x + w, y: 0, w: 10, h: 10 }, layout, pixelRatio);
      expect(left.left + left.width).toBeCloseTo(right.left, 6);
      expect((left.left * pixelRatio) % 1).toBeCloseTo(0, 6);
    }),
  );
});
