/**
 * What our parts say, in the language the learner chose for Jupyter itself.
 *
 * Jupyter's own catalogues come as Python packages from the server; ours are
 * small enough to travel with the code.
 */
import { ITranslator } from '@jupyterlab/translation';

const english = {
  sideBar: 'Files and datasets',
  folder: 'Folder',
  datasets: 'Datasets',
  newFolder: 'New folder',
  name: 'Name',
  upload: 'Upload files',
  refresh: 'Refresh',
  download: 'Download',
  rename: 'Rename',
  remove: 'Delete',
  copyPath: 'Copy path',
  copied: 'Copied: {path}',
  copyFailed: 'The browser did not allow copying. The path is {path}',
  removeTitle: 'Delete {name}?',
  removeFile: 'The file is deleted for good. Saved versions keep theirs.',
  removeFolder: 'The folder and all that is in it are deleted for good.',
  cancel: 'Cancel',
  nameTaken: 'There already is “{name}” here.',
  nameBad: 'A name may not be empty or contain “/”.',
  tooLarge:
    '“{name}” is larger than {megabytes} MB. Make it a dataset and add it to the project on the project page.',
  uploadFailed: '“{name}” was not uploaded: {reason}',
  uploading: 'Uploading {name}',
  actionFailed: 'That did not work: {reason}',
  emptyFolder: 'Empty',
  noFiles: 'No files yet. Upload some, or write them from a block.',
  noDatasets:
    'This project has no dataset yet. Add one (two at most) on the project page; it then appears here and under data/.',
  cutDatasets: 'Only the first files are listed.',
  openProject: 'Open the project page',
  code: 'Code',
  codeHelp: 'Insert a code block below',
  text: 'Text',
  textHelp: 'Insert a text block below',
  toggle: 'Code/Text',
  toggleHelp: 'Switch the selected block between code and text',
  insertPicture: 'Insert Picture…',
  pictureTooLarge: 'A picture may have {megabytes} MB at most.',
  pictureInserted: 'Picture inserted',
  saveVersion: 'Save version',
  saveVersionHelp: 'Save a version of all files of the project',
  saveVersionTitle: 'Save a version',
  saveVersionNote: 'A note for this version (optional)',
  savingVersion: 'Saving a version …',
  versionSaved: 'Version {number} saved',
  leftOut: '{count} files were left out: datasets, and files too large for a version.',
  versionFailed: 'No version was saved: {reason}',
  project: 'Project',
  projectHelp: 'To the project page',
  visualdl: 'VisualDL',
  visualdlHelp: 'Open VisualDL on the folder log',
  printPdf: 'Save as PDF (Print)…',
  sideBarToggle: 'Side bar',
  sideBarToggleHelp: 'Show or hide files and datasets',
  idleWarning: 'Not used for a while: the project stops at {time}. A version is saved first.',
  keepRunning: 'Keep it running',
  kernelMissing: 'The kernel is not running. Start it from the menu Kernel.',
  runFailed: 'The block could not be run: {reason}'
};

export type MessageKey = keyof typeof english;

const chinese: Record<MessageKey, string> = {
  sideBar: '文件和数据集',
  folder: '文件夹',
  datasets: '数据集',
  newFolder: '新建文件夹',
  name: '名称',
  upload: '上传文件',
  refresh: '刷新',
  download: '下载',
  rename: '重命名',
  remove: '删除',
  copyPath: '复制路径',
  copied: '已复制：{path}',
  copyFailed: '浏览器不允许复制。路径是 {path}',
  removeTitle: '删除 {name}？',
  removeFile: '文件将被永久删除。已保存的版本不受影响。',
  removeFolder: '文件夹和其中的全部内容将被永久删除。',
  cancel: '取消',
  nameTaken: '这里已经有“{name}”了。',
  nameBad: '名称不能为空，也不能包含“/”。',
  tooLarge: '“{name}”超过 {megabytes} MB。请将它创建为数据集，再在项目页面添加到项目中。',
  uploadFailed: '“{name}”没有上传成功：{reason}',
  uploading: '正在上传 {name}',
  actionFailed: '操作没有成功：{reason}',
  emptyFolder: '空文件夹',
  noFiles: '还没有文件。可以上传，也可以在代码块中写入。',
  noDatasets:
    '这个项目还没有数据集。请在项目页面添加（最多两个），之后会显示在这里和 data/ 目录下。',
  cutDatasets: '只列出了前面的文件。',
  openProject: '打开项目页面',
  code: '代码块',
  codeHelp: '在下方插入代码块',
  text: '文字块',
  textHelp: '在下方插入文字块',
  toggle: '代码/文字',
  toggleHelp: '将选中的块在代码和文字之间切换',
  insertPicture: '插入图片…',
  pictureTooLarge: '图片最大 {megabytes} MB。',
  pictureInserted: '图片已插入',
  saveVersion: '保存版本',
  saveVersionHelp: '将项目的全部文件保存为一个版本',
  saveVersionTitle: '保存版本',
  saveVersionNote: '这个版本的说明（可不填）',
  savingVersion: '正在保存版本…',
  versionSaved: '版本 {number} 已保存',
  leftOut: '有 {count} 个文件没有存入版本：数据集，以及超过大小限制的文件。',
  versionFailed: '版本没有保存成功：{reason}',
  project: '返回项目',
  projectHelp: '返回项目页面',
  visualdl: 'VisualDL',
  visualdlHelp: '打开 VisualDL，查看 log 目录',
  printPdf: '另存为 PDF（打印）…',
  sideBarToggle: '侧边栏',
  sideBarToggleHelp: '显示或隐藏文件和数据集',
  idleWarning: '项目已有一段时间没有使用，将在 {time} 停止。停止前会自动保存版本。',
  keepRunning: '继续运行',
  kernelMissing: '内核没有运行。请在“内核”菜单中启动。',
  runFailed: '代码块没有运行：{reason}'
};

/** `say(key, values)`: a sentence in the learner's language. */
export type Say = (key: MessageKey, values?: Record<string, string | number>) => string;

/** The catalogue for the language Jupyter's interface is in. */
export function sentences(translator: ITranslator): Say {
  const catalogue = translator.languageCode.startsWith('zh') ? chinese : english;
  return (key, values = {}) =>
    catalogue[key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
