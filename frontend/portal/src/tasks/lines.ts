import Anser from "anser";

/** Characters of a line that are shown at once; a button shows the rest. */
const LONGEST = 4000;
const NAMED = /^\[((?:trainer|pserver)-\d+|lyceum)\] /;

/** A line of a log: whose it is (`trainer-0`, `lyceum`, or nobody's), and the rest of it. */
export interface Line {
  who: string;
  text: string;
}

export function parse(line: string): Line {
  const found = NAMED.exec(line);
  return found ? { who: found[1]!, text: line.slice(found[0].length) } : { who: "", text: line };
}

/** A text's lines, without the end of each. */
export function split(text: string): string[] {
  const lines = text.split("\n");
  if (lines[lines.length - 1] === "") lines.pop();
  return lines;
}

/** What is wanted of how lines look. */
export interface Look {
  /** Whether each says whose it is. */
  named: boolean;
  /** Words to mark, in small letters. */
  words: string;
  /** The label of the button that shows all of a long line. */
  more: string;
}

/** The element that shows `line`, coloured as its program asked for. */
export function draw({ who, text }: Line, look: Look): HTMLElement {
  const element = document.createElement("div");
  element.className = "log-line";
  if (who === "lyceum" || who === "") element.classList.add("log-note");
  if (look.named && who) element.append(tag(who));
  const cut = text.length > LONGEST;
  const said = document.createElement("span");
  fill(said, cut ? text.slice(0, LONGEST) : text, look.words);
  element.append(said);
  if (cut) element.append(rest(said, text, look));
  return element;
}

function tag(who: string): HTMLElement {
  const element = document.createElement("span");
  const number = Number(who.split("-")[1] ?? 0);
  element.className = `log-who log-who-${who.startsWith("pserver") ? "p" : who === "lyceum" ? "l" : number % 4}`;
  element.textContent = who;
  return element;
}

function rest(said: HTMLElement, text: string, look: Look): HTMLElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-sm log-more";
  button.textContent = `${look.more} (${Math.round(text.length / 1000)} k)`;
  button.addEventListener("click", () => {
    said.replaceChildren();
    fill(said, text, look.words);
    button.remove();
  });
  return button;
}

function fill(element: HTMLElement, text: string, words: string): void {
  if (!text.includes("\u001b")) {
    element.append(marked(text, words));
    return;
  }
  for (const part of Anser.ansiToJson(text, { json: true, use_classes: true, remove_empty: true })) {
    const piece = document.createElement("span");
    piece.append(marked(part.content, words));
    colour(piece, part.fg, part.fg_truecolor, "color");
    colour(piece, part.bg, part.bg_truecolor, "backgroundColor");
    part.decorations.forEach((each) => piece.classList.add(`ansi-${each}`));
    element.append(piece);
  }
}

/** The 16 colours by class, so that each theme has its own; the others as they are. */
function colour(element: HTMLElement, name: string | null, exact: string | null, where: "color" | "backgroundColor"): void {
  if (!name) return;
  const palette = /^ansi-palette-(\d+)$/.exec(name);
  if (name === "ansi-truecolor" && exact) element.style[where] = `rgb(${exact})`;
  else if (palette) element.style[where] = fromPalette(Number(palette[1]));
  else element.classList.add(where === "color" ? name : `${name}-ground`);
}

/** Colours 16 to 255 of xterm: a cube of 6 × 6 × 6, then greys. */
function fromPalette(number: number): string {
  if (number >= 232) return `rgb(${Array(3).fill(8 + 10 * (number - 232)).join(",")})`;
  const level = (value: number): number => (value ? 55 + 40 * value : 0);
  const at = number - 16;
  return `rgb(${[Math.floor(at / 36), Math.floor(at / 6) % 6, at % 6].map(level).join(",")})`;
}

function marked(text: string, words: string): Node {
  if (!words) return document.createTextNode(text);
  const found = document.createDocumentFragment();
  const small = text.toLowerCase();
  let place = 0;
  // Some letters become two when they are small: then places are not the same.
  let hit = small.length === text.length ? small.indexOf(words) : -1;
  while (hit >= 0) {
    const mark = document.createElement("mark");
    mark.textContent = text.slice(hit, hit + words.length);
    found.append(text.slice(place, hit), mark);
    place = hit + words.length;
    hit = small.indexOf(words, place);
  }
  found.append(text.slice(place));
  return found;
}
