/**
 * MathML that arrives as text, rebuilt element by element from a list of what mathematics needs.
 *
 * The text comes from LaTeX with the user's names in it; nothing of it is ever parsed as HTML, and an
 * element or attribute that is not listed here does not reach the page.
 */

const ELEMENTS = new Set(
  ("math mrow mi mn mo mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover " +
    "mtable mtr mtd mstyle mpadded mphantom").split(" "),
);
const ATTRIBUTES = new Set(
  ("display displaystyle scriptlevel mathvariant stretchy fence separator form lspace rspace accent " +
    "minsize maxsize width columnalign columnspacing rowspacing columnlines rowlines linethickness").split(" "),
);
// A page's policy forbids styles in parsed text; the attribute is what browsers then ignore.
const ALIGNMENT = / style="text-align:(left|center|right)"/g;
export const NAMESPACE = "http://www.w3.org/1998/Math/MathML";

/**
 * Whether an element or attribute may reach the page.
 * @param {string} element
 * @param {string} [attribute]
 */
export function isMathematics(element, attribute) {
  return ELEMENTS.has(element) && (attribute === undefined || ATTRIBUTES.has(attribute));
}

/**
 * @param {string} source MathML text
 * @returns {Element | Text} a fresh MathML element; the text itself if it is not well-formed
 */
export function readMathml(source) {
  const parsed = new DOMParser().parseFromString(source.replace(ALIGNMENT, ' columnalign="$1"'), "application/xml");
  const root = parsed.documentElement;
  if (parsed.querySelector("parsererror") || root.localName !== "math") {
    return document.createTextNode(source);
  }
  return copy(root);
}

/**
 * @param {Element} element
 * @returns {Element}
 */
function copy(element) {
  const allowed = isMathematics(element.localName);
  const fresh = /** @type {MathMLElement} */ (
    document.createElementNS(NAMESPACE, allowed ? element.localName : "mrow")
  );
  for (const { name, value } of allowed ? element.attributes : []) {
    if (isMathematics(element.localName, name)) fresh.setAttribute(name, value);
  }
  const alignment = element.getAttribute("columnalign");
  if (alignment) fresh.style.textAlign = alignment;
  for (const child of element.childNodes) {
    if (child.nodeType === 3) fresh.append(document.createTextNode(child.nodeValue ?? ""));
    else if (child.nodeType === 1) fresh.append(copy(/** @type {Element} */ (child)));
  }
  return fresh;
}
