// Passkeys (WebAuthn): lets the browser make one, or sign with one, puts its answer into the form and sends the form.
// Without this module, and in browsers without passkeys, such forms stay hidden and the other ways remain.

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  buffer && btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

// What the server wrote as JSON, with buffers where the browser wants some.
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

let offered = null; // stops what the browser offers in the e-mail field

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
  const told = form.querySelector(":scope > [role=alert]");
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    told.hidden = true;
    try {
      await use(form);
    } catch (error) {
      told.textContent = sentence(form, error);
      told.hidden = false;
    }
  });
  if ("offer" in form.dataset && (await PublicKeyCredential.isConditionalMediationAvailable?.())) {
    use(form, "conditional").catch(() => {}); // nobody asked for it: the button remains
  }
}
if (window.PublicKeyCredential) document.querySelector("[data-without-passkeys]")?.remove();
