/**
 * The tree of files with boxes: a folder's box stands for all that is below it, and is
 * half set while some of it is chosen.
 */
export function startBoxes(): void {
  const tree = document.querySelector<HTMLElement>("[data-file-boxes]");
  if (!tree) return;
  boxes(tree).forEach((box) => box.checked && isFolder(box) && setBelow(box, true));
  show(tree);
  tree.addEventListener("change", (event) => {
    const box = event.target as HTMLInputElement;
    if (isFolder(box)) setBelow(box, box.checked);
    show(tree);
  });
}

function boxes(root: ParentNode): HTMLInputElement[] {
  return [...root.querySelectorAll<HTMLInputElement>("input[type=checkbox]")];
}

function isFolder(box: HTMLInputElement): boolean {
  return "folder" in box.dataset;
}

function below(folder: HTMLInputElement): HTMLInputElement[] {
  const item = folder.closest("li");
  return item ? boxes(item).filter((box) => box !== folder) : [];
}

function setBelow(folder: HTMLInputElement, checked: boolean): void {
  for (const box of below(folder)) box.checked = checked;
}

/** Folders as what is below them says; the innermost ones first, so the outer ones can rely on them. */
function show(tree: HTMLElement): void {
  for (const folder of boxes(tree).filter(isFolder).reverse()) {
    const files = below(folder).filter((box) => !isFolder(box));
    const chosen = files.filter((box) => box.checked).length;
    if (files.length) folder.checked = chosen === files.length;
    folder.indeterminate = chosen > 0 && chosen < files.length;
  }
}
