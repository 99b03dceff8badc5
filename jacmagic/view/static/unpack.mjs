/**
 * The first script of an exported page: it unpacks the page's own code, style and data.
 *
 * They are compressed because the page is to be small. What it puts into the page still has to pass
 * the page's policy, which knows the code and the style by their hashes.
 */

const still = document.querySelector("#jm-still");

/** @param {string} reason why the page stays a still */
function showReason(reason) {
  const note = document.createElement("p");
  note.textContent = `The sliders did not start (${reason}); these are the numbers of one point.`;
  if (still?.isConnected) still.prepend(note);
}

/** @param {string} packed base64 of gzip */
async function unpack(packed) {
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

/**
 * @param {string} tag
 * @param {Record<string, string>} properties
 */
function make(tag, properties) {
  return Object.assign(document.createElement(tag), { className: "jm-unpacked", ...properties });
}

// A page that a browser has saved holds what an earlier run put into it.
for (const old of document.querySelectorAll(".jm-unpacked, .jm-explorer > *")) old.remove();

addEventListener("error", (event) => showReason(event.message));
try {
  const packed = document.querySelector("#jm-packed")?.textContent ?? "";
  const { style, script, data } = await unpack(packed);
  document.head.prepend(make("style", { textContent: style }));
  document.querySelector(".jm-embedded")?.append(make("script", { type: "application/json", textContent: data }));
  document.body.append(make("script", { type: "module", textContent: script }));
} catch (error) {
  showReason(error instanceof Error ? error.message : String(error));
}
