/** The types of `@viz-js/viz` name it for browsers; Node has none. */
interface SVGSVGElement {
  readonly outerHTML: string;
}
