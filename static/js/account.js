// Passkeys need script, a browser that knows them, and a name in the address: none is good for a bare number.

const usable = Boolean(window.PublicKeyCredential) && !/^[\d.]+$|:/.test(location.hostname);

for (const part of document.querySelectorAll("[data-passkey]")) {
  part.hidden = (part.dataset.passkey === "usable") !== usable;
}

for (const form of document.querySelectorAll("form[data-ceremony]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault(); // Enter in a field; the script that has the credential sends it without asking us
    form.querySelector("button").click();
  });
}

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  document.querySelector("[data-passkey-failed]").hidden = false;
});
