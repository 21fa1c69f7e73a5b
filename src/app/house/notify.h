/* notify.h - tells a service manager how the start goes (sd_notify(3)), without its library.
 *
 * Floor      app/house
 * Errors     none: without NOTIFY_SOCKET, or when nobody listens, nothing happens.
 * Threads    the main thread.
 */
#ifndef APP_NOTIFY_H
#define APP_NOTIFY_H

/* Send one state text, such as "READY=1" or "STOPPING=1". */
void notify_manager(const char *state);

#endif
