/** Elements of a drawing in SVG. */

const SVG_NAMESPACE = "http://www.w3.org/2000/svg";

/**
 * @param {Document} document
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 * @param {string} [text]
 */
export function makeSvg(document, name, attributes, text = "") {
  const element = /** @type {SVGElement} */ (document.createElementNS(SVG_NAMESPACE, name));
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  if (text) element.textContent = text;
  return element;
}
