// How a person finds things: by the words beside them.
const words = text => (text || "").replace(/\s+/g, " ").trim();
const seen = thing => thing.getClientRects().length > 0;
// Labels end with a colon that nobody says, and may be followed by a remark.
const named = (text, name) => text === name || text === name + ":" || text.startsWith(name + ": ");
const field = name => {
  const labels = [...document.querySelectorAll("label")].filter(seen);
  const label = labels.find(label => words(label.textContent) === name)
    || labels.find(label => named(words(label.textContent), name));
  return label ? label.control : [...document.querySelectorAll("input, select, textarea")]
    .find(control => control.getAttribute("aria-label") === name);
};
const pressable = name => [...document.querySelectorAll("button:not([aria-hidden]), input[type=submit], a[href], summary")]
  .filter(seen).find(thing => words(thing.matches("input") ? thing.value : thing.textContent) === name);
const radio = cell => [...document.querySelectorAll("tr")]
  .filter(row => [...row.cells].some(other => words(other.textContent) === cell))
  .map(row => row.querySelector("input[type=radio]")).find(radio => radio);
const choose = (list, name) => {
  const option = [...list.options].find(option => words(option.textContent) === name);
  if (!option) return false;
  list.value = option.value;
  list.dispatchEvent(new Event("input", { bubbles: true }));
  list.dispatchEvent(new Event("change", { bubbles: true }));
  return true;
};
// The middle of a thing in the window; not if something else lies there.
const place = thing => {
  if (!thing) return "not there";
  thing.scrollIntoView({ block: "center", behavior: "instant" });
  const box = thing.getClientRects()[0];
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const top = document.elementFromPoint(x, y);
  return top && (thing.contains(top) || top.contains(thing) || top.control === thing) ? { x, y }
    : "covered by " + (top ? top.outerHTML.slice(0, 80) : "nothing: outside of the window");
};
