/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

/** Builds an element. Text is only ever set as text, so that no name from a roster can become markup. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const SVG = 'http://www.w3.org/2000/svg';

export function drawing(
  width: number,
  height: number,
  ...shapes: readonly Readonly<Record<string, string>>[]
): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('width', String(width));
  svg.setAttribute('height', String(height));
  svg.setAttribute('aria-hidden', 'true');
  for (const { tag = 'path', ...attributes } of shapes) {
    const shape = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) shape.setAttribute(name, value);
    svg.append(shape);
  }
  return svg;
}

/** `12 Mar 2027 14:05`, always UTC. */
export function when(at: string | number): string {
  const [, date, month, year, time] = /^\w+, (\d+) (\w+) (\d+) (\d+:\d+)/.exec(new Date(at).toUTCString()) ?? [];
  return `${Number(date)} ${month} ${year} ${time}`;
}

export const day = (at: string | number): string => when(at).replace(/ \d+:\d+$/, '');
