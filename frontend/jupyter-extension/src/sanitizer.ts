/**
 * Web pages embedded in text blocks (the guide's 文字块: 网页).
 *
 * JupyterLab takes every `<iframe>` out. Ours keeps those that show another
 * site, in a sandbox that can't reach the notebook.
 */
import { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISanitizer, Sanitizer } from '@jupyterlab/apputils';
import { IRenderMime } from '@jupyterlab/rendermime-interfaces';

const KEPT = ['src', 'width', 'height', 'title', 'sandbox', 'loading', 'referrerpolicy'];
const CONFINED = 'allow-scripts allow-same-origin allow-popups allow-forms';

class EmbeddingSanitizer extends Sanitizer {
  sanitize(dirty: string, options?: IRenderMime.ISanitizerOptions): string {
    const own = (this as any)._options;
    const embedding = {
      allowedTags: [...own.allowedTags, 'iframe'],
      allowedAttributes: { ...own.allowedAttributes, iframe: KEPT },
      transformTags: { ...own.transformTags, iframe: confine }
    };
    return super.sanitize(dirty, { ...embedding, ...options } as IRenderMime.ISanitizerOptions);
  }
}

type Attributes = Record<string, string>;

function confine(_: string, given: Attributes): { tagName: string; attribs: Attributes } {
  const attribs: Attributes = { loading: 'lazy', referrerpolicy: 'no-referrer', sandbox: CONFINED };
  for (const name of ['width', 'height', 'title']) {
    if (given[name]) {
      attribs[name] = given[name];
    }
  }
  const address = foreignAddress(given.src ?? '');
  if (address) {
    attribs.src = address;
  }
  return { tagName: 'iframe', attribs };
}

/** The address if it is another site's; a page of this origin would run as the notebook. */
function foreignAddress(source: string): string | null {
  try {
    const url = new URL(source, window.location.href);
    const web = url.protocol === 'https:' || url.protocol === 'http:';
    return web && url.origin !== window.location.origin ? url.href : null;
  } catch {
    return null;
  }
}

export const sanitizer: JupyterFrontEndPlugin<IRenderMime.ISanitizer> = {
  id: '@lyceum/notebook:sanitizer',
  description: 'Keeps embedded web pages of other sites, confined.',
  autoStart: true,
  provides: ISanitizer,
  activate: () => new EmbeddingSanitizer()
};
