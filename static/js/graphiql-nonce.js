/** GraphiQL's dialogs add a style sheet of their own: it gets the nonce that the page's policy names. */

const pageNonce = document.currentScript.nonce;
const createElement = document.createElement.bind(document);

document.createElement = (name, options) => {
  const element = createElement(name, options);
  if (String(name).toLowerCase() === "style") element.nonce = pageNonce;
  return element;
};
