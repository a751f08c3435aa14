import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.controlKeyword, tags.bool, tags.null], color: "var(--code-keyword)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--code-string)" },
  { tag: [tags.comment], color: "var(--code-comment)", fontStyle: "italic" },
  { tag: [tags.number], color: "var(--code-number)" },
  { tag: [tags.function(tags.variableName), tags.definition(tags.function(tags.variableName)), tags.className, tags.propertyName], color: "var(--code-name)" },
  { tag: [tags.invalid], color: "var(--code-invalid)" },
]);

const look = EditorView.theme({
  "&": { color: "var(--tblr-body-color)", backgroundColor: "var(--tblr-bg-forms)", fontSize: "0.875rem" },
  "&.cm-focused": { outline: "2px solid var(--tblr-link-color)", outlineOffset: "1px" },
  ".cm-scroller": { fontFamily: "var(--tblr-font-monospace)", lineHeight: "1.55", overflow: "auto" },
  ".cm-content": { caretColor: "var(--tblr-body-color)", minHeight: "var(--editor-least, 4rem)" },
  ".cm-scroller, .cm-content": { maxHeight: "none" },
  "&.cm-editor": { maxHeight: "var(--editor-most, 34rem)" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--tblr-body-color)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--code-selection)",
  },
  ".cm-gutters": { color: "var(--tblr-secondary)", backgroundColor: "var(--tblr-bg-surface-secondary)", borderColor: "var(--tblr-border-color)" },
  ".cm-activeLine": { backgroundColor: "var(--code-line)" },
  ".cm-activeLineGutter": { backgroundColor: "var(--code-line)", color: "var(--tblr-body-color)" },
  ".cm-matchingBracket": { outline: "1px solid var(--tblr-link-color)", backgroundColor: "transparent" },
  ".cm-panels, .cm-tooltip": {
    color: "var(--tblr-body-color)",
    backgroundColor: "var(--tblr-bg-surface)",
    borderColor: "var(--tblr-border-color)",
  },
  ".cm-panels .cm-textfield": {
    color: "inherit",
    backgroundColor: "var(--tblr-bg-forms)",
    border: "1px solid var(--tblr-border-color)",
    borderRadius: "4px",
  },
  ".cm-panels .cm-button": {
    color: "inherit",
    backgroundColor: "var(--tblr-bg-surface-secondary)",
    backgroundImage: "none",
    border: "1px solid var(--tblr-border-color)",
    borderRadius: "4px",
  },
  ".cm-panels [name=close]": { color: "inherit" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--tblr-primary)", color: "#fff" },
});

/** How code looks in every editor of the portal; the page's colours come through `--code-…` variables. */
export const codeLook: Extension = [syntaxHighlighting(colours), look];

/**
 * Where an editor goes in `holder`: a shadow root, in which CodeMirror writes no <style>
 * element, which the page's policy forbids.
 */
export function shadowed(holder: HTMLElement): { parent: ShadowRoot; root: ShadowRoot } {
  const root = holder.attachShadow({ mode: "open" });
  return { parent: root, root };
}
