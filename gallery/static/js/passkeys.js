// Passkeys (WebAuthn): the browser makes one or signs with one, and this module sends its answer with the form.
// Without scripts, and in browsers without passkeys, such forms stay hidden and the other ways remain.

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const base64 = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)));
const text = (buffer) => buffer && base64(buffer).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

// The server's JSON options, with buffers for the fields that the browser wants as such.
function optionsOf(form) {
  const options = JSON.parse(form.dataset.options);
  const known = (list) => list?.map((each) => ({ ...each, id: bytes(each.id) }));
  return {
    ...options,
    challenge: bytes(options.challenge),
    ...(options.user && { user: { ...options.user, id: bytes(options.user.id) } }),
    ...(options.excludeCredentials && { excludeCredentials: known(options.excludeCredentials) }),
    ...(options.allowCredentials && { allowCredentials: known(options.allowCredentials) }),
  };
}

function answerOf({ id, rawId, type, response }) {
  const names = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const fields = names.filter((name) => response[name]).map((name) => [name, text(response[name])]);
  return JSON.stringify({ id, rawId: text(rawId), type, response: Object.fromEntries(fields) });
}

let offered = null; // stops the browser's offer in the e-mail field

async function use(form, mediation) {
  offered?.abort();
  const controller = new AbortController();
  if (mediation) offered = controller;
  const request = { publicKey: optionsOf(form), signal: controller.signal, ...(mediation && { mediation }) };
  const credential = await navigator.credentials[form.dataset.passkey](request);
  form.querySelector("[name$=credential]").value = answerOf(credential);
  form.submit();
}

function sentence(form, error) {
  if (error.name === "SecurityError") return form.dataset.elsewhere;
  return error.name === "InvalidStateError" ? form.dataset.known : form.dataset.failed;
}

for (const form of window.PublicKeyCredential ? document.querySelectorAll("form[data-passkey]") : []) {
  const alert = form.querySelector(":scope > [role=alert]");
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    alert.hidden = true;
    try {
      await use(form);
    } catch (error) {
      alert.textContent = sentence(form, error);
      alert.hidden = false;
    }
  });
  if ("offer" in form.dataset && (await PublicKeyCredential.isConditionalMediationAvailable?.())) {
    use(form, "conditional").catch(() => {}); // the browser offered it unasked: the button remains
  }
}
if (window.PublicKeyCredential) document.querySelector("[data-without-passkeys]")?.remove();
