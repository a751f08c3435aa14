/** A host to read addresses by; which one it is does not matter. */
export const DOOR = "http://door";

/**
 * A request's path with its dots resolved, always fit for `new URL` behind a host and
 * for `decodeURIComponent`; `/` where nothing of the address can be understood.
 */
export function pathOf(address: string): string {
  try {
    const { pathname } = new URL(address.startsWith("/") ? `${DOOR}${address}` : address, DOOR);
    decodeURIComponent(pathname);
    return pathname;
  } catch {
    return "/";
  }
}
