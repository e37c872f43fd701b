// Adds a button that copies to words that are there to be copied. Without it they are selected by hand.

for (const field of navigator.clipboard ? document.querySelectorAll("[data-copy]") : []) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = field.dataset.copy;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(field.value);
    button.textContent = field.dataset.copied;
    setTimeout(() => (button.textContent = field.dataset.copy), 3_000);
  });
  field.after(button);
}
