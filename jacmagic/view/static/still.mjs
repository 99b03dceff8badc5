/** The still form in the output before the view, which stands there where no view is alive. */

/**
 * Hide the still form while a view is alive.
 * @param {string} identity "" where there is none
 * @param {AbortSignal} [signal] ends the view
 */
export function hideStill(identity, signal) {
  for (const still of document.querySelectorAll(".jm-still[data-jm-live]")) {
    if (!identity || still.getAttribute("data-jm-live") !== identity) continue;
    still.toggleAttribute("hidden", true);
    signal?.addEventListener("abort", () => still.toggleAttribute("hidden", false));
  }
}
