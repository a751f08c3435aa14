import { banner } from './idle';
import { executor, questions } from './execution';
import { blocks } from './blocks';
import { project } from './project';
import { sanitizer } from './sanitizer';
import { sideBar } from './sidebar';

export default [executor, questions, blocks, project, sideBar, sanitizer, banner];
