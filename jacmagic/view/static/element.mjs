/** Elements of the page. */

/**
 * @param {Document} document
 * @param {string} tag
 * @param {string} className
 * @param {string} [text]
 */
export function make(document, tag, className, text = "") {
  const element = document.createElement(tag);
  element.className = className;
  if (text) element.textContent = text;
  return element;
}

/**
 * Set a text; an element that has it already is left alone.
 * @param {HTMLElement} element
 * @param {string} text
 * @returns {boolean} whether it has changed
 */
export function setText(element, text) {
  if (element.textContent === text) return false;
  element.textContent = text;
  return true;
}

/**
 * Let the keyboard scroll a box that is wider than its container, and fade the sides where it goes on.
 * @param {HTMLElement} box
 */
export function makeScrollable(box) {
  const fade = () => {
    const left = box.scrollWidth - box.clientWidth - box.scrollLeft;
    box.classList.toggle("jm-more-left", box.scrollLeft > 1);
    box.classList.toggle("jm-more-right", left > 1);
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  };
  if (!box.dataset.scrolls) {
    box.dataset.scrolls = "true";
    box.addEventListener("scroll", fade, { passive: true });
    new ResizeObserver(fade).observe(box);
  }
  fade();
}
