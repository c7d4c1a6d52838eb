/** Colors of numbers. Each has a color of text that is readable on it. */

/** Five colors of viridis, from dark to bright. They differ in brightness too, so eyes that miss colors see an order. */
const STOPS = [
  [68, 1, 84],
  [59, 82, 139],
  [33, 145, 140],
  [94, 201, 98],
  [253, 231, 37],
] as const;

type Color = readonly [number, number, number];

function colorAt(share: number): Color {
  const place = Math.min(1, Math.max(0, share)) * (STOPS.length - 1);
  const below = Math.min(STOPS.length - 2, Math.floor(place));
  const [low, high] = [STOPS[below] as Color, STOPS[below + 1] as Color];
  const mix = (i: 0 | 1 | 2) => Math.round(low[i] + (high[i] - low[i]) * (place - below));
  return [mix(0), mix(1), mix(2)];
}

/** The relative luminance (WCAG 2.2). */
function luminance(color: Color): number {
  const [r, g, b] = color.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as unknown as Color;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

const css = ([r, g, b]: Color) => `rgb(${r} ${g} ${b})`;

/** The color of a share from 0 to 1. */
export function colorOf(share: number): string {
  return css(colorAt(share));
}

/** The color of text on it: the one with the larger contrast, which is at least 4.5. */
export function textColorOn(share: number): '#000' | '#fff' {
  return luminance(colorAt(share)) > 0.179 ? '#000' : '#fff';
}

/** The place of a number between two others, from 0 to 1. */
export function shareOf(number: number, least: number, most: number): number {
  return most > least ? (number - least) / (most - least) : 0.5;
}
