// What the classroom's tests share: pupils.
import { openDevice, press, untilText, write } from "./browser.mjs";

/** A pupil at the classroom page, as `id`. What `alert` says is collected, and waited for with `said`. */
export async function pupil(browser, url, id, prepare) {
  const device = await openDevice(browser, new URL("/classroom.html", url), prepare);
  let next = Promise.withResolvers();
  device.page.on("dialog", async (dialog) => {
    const said = `${dialog.type()}: ${dialog.message()}`;
    await dialog.accept();
    next.resolve(said);
    next = Promise.withResolvers();
  });
  device.said = () => next.promise;
  await write(device.page, "#my-id", id);
  await press(device.page, "#start");
  return device;
}

/** Two pupils who are connected: the second has dialled the first. */
export async function connectedPupils(browser, url, prepare) {
  const pupils = [await pupil(browser, url, "osama", prepare), await pupil(browser, url, "layla", prepare)];
  const [{ page: osama }, { page: layla }] = pupils;
  await untilText(osama, "You are osama");
  await untilText(layla, "You are layla");
  await write(layla, "#other-id", "osama");
  await press(layla, "#connect");
  await untilText(layla, "Connected to osama");
  await untilText(osama, "Connected to layla");
  return pupils;
}
