/**
 * Gives the page's nonce to the style elements that the editor and the dialogs create.
 *
 * The content security policy allows no other styles. Import this module before all others.
 */
const nonce = document.querySelector("meta[property=csp-nonce]").nonce;
const createElement = document.createElement.bind(document);

document.createElement = (name, options) => {
  const element = createElement(name, options);
  if (element instanceof HTMLStyleElement) {
    element.nonce = nonce;
  }
  return element;
};
