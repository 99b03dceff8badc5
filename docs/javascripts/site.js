// Tables that scroll can be reached by keyboard; the theme puts each into such a box, some time later.
const content = document.querySelector(".md-content");
const reach = () => {
  for (const box of content.querySelectorAll(".md-typeset__scrollwrap:not([tabindex])")) box.tabIndex = 0;
};
new MutationObserver(reach).observe(content, { childList: true, subtree: true });
reach();
