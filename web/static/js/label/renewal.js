// The CSRF token belongs to the session: after signing in again the page needs the new one.

/**
 * Fetch this page again and take over its token, if the same person is signed in.
 *
 * @returns {Promise<boolean>} false when nobody, or somebody else, is signed in
 */
export async function renewed() {
  try {
    const answer = await fetch(location.pathname, { credentials: "same-origin", cache: "no-store" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const mine = document.getElementById("main").dataset.user;
    if (page.getElementById("main")?.dataset.user !== mine) return false;
    document.querySelector('meta[name="csrf-token"]').content = page.querySelector('meta[name="csrf-token"]').content;
    return true;
  } catch {
    return false;
  }
}
