/* SPDX-License-Identifier: Apache-2.0 */
/* Our terminal connected with a container's. */
#include "terminal.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

/* How long a silent terminal, kept open by somebody else, is listened to after the exit. */
#define DRAIN_MS 100

/* Returns 1 and the master, or 0 when none is waiting. */
static int receive_master(int socket, int *ret, struct err *e)
{
	char name[PUMP_SIZE];
	size_t n = 1;
	ssize_t r;

	if (fd_wait(&socket, 1, 0) <= 0)
		return 0;
	r = fd_recv(socket, name, sizeof(name), ret, &n, e);
	if (r < 0)
		return (int)r;
	return n == 1 ? 1 : err_kind(e, ERR_BUG, "no terminal was passed");
}

/* Output processing stays on: the container's terminal writes bare newlines. */
static int make_raw(struct terminal *t, struct err *e)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &t->saved) < 0)
		return 0;
	raw = t->saved;
	cfmakeraw(&raw);
	raw.c_oflag = t->saved.c_oflag;
	if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) < 0)
		return err_sys(e, errno, "tcsetattr", "raw mode on standard input");
	t->raw = true;
	return 0;
}

int terminal_open(struct terminal *t, int socket, struct err *e)
{
	int r = receive_master(socket, &t->master, e);

	if (r <= 0)
		return r;
	if (fcntl(t->master, F_SETFL, O_RDWR | O_NONBLOCK) < 0)
		return err_sys(e, errno, "fcntl", "terminal");
	/* A program may close its terminal and open it again, as systemd does: held open by us as
	 * well, it does not end in between. */
	t->slave = ioctl(t->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (t->slave < 0)
		return err_sys(e, errno, "ioctl", "TIOCGPTPEER");
	t->in.from = STDIN_FILENO;
	t->in.to = t->master;
	t->out.from = t->master;
	t->out.to = STDOUT_FILENO;
	terminal_resize(t);
	return make_raw(t, e);
}

bool terminal_is_open(const struct terminal *t)
{
	return t->master >= 0;
}

bool terminal_size(struct winsize *ret)
{
	return ioctl(STDIN_FILENO, TIOCGWINSZ, ret) == 0 ||
	       ioctl(STDOUT_FILENO, TIOCGWINSZ, ret) == 0;
}

void terminal_resize(const struct terminal *t)
{
	struct winsize size;

	/* Without a terminal of ours the size stays what config.json says. */
	if (terminal_size(&size))
		(void)ioctl(t->master, TIOCSWINSZ, &size);
}

static bool is_empty(const struct pump *p)
{
	return p->start == p->end;
}

static struct pollfd pump_poll(const struct pump *p)
{
	if (!is_empty(p))
		return (struct pollfd){ .fd = p->to, .events = POLLOUT };
	return (struct pollfd){ .fd = p->ended ? -1 : p->from, .events = POLLIN };
}

int terminal_poll(struct terminal *t, bool exited, struct pollfd *fds)
{
	if (exited)
		t->slave = x_close(t->slave);
	fds[0] = fds[1] = (struct pollfd){ .fd = -1 };
	if (!terminal_is_open(t))
		return -1;
	fds[0] = exited ? (struct pollfd){ .fd = -1 } : pump_poll(&t->in);
	fds[1] = pump_poll(&t->out);
	return exited && is_empty(&t->out) ? DRAIN_MS : -1;
}

static bool try_again(ssize_t n)
{
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

static void pump_move(struct pump *p)
{
	ssize_t n;

	if (is_empty(p)) {
		n = read(p->from, p->data, sizeof(p->data));
		if (n > 0) {
			p->start = 0;
			p->end = (size_t)n;
		} else if (!try_again(n)) {
			p->ended = true; /* EIO: nobody has the other end of the terminal open */
		}
		return;
	}
	n = write(p->to, p->data + p->start, p->end - p->start);
	if (n > 0)
		p->start += (size_t)n;
	else if (!try_again(n))
		p->start = p->end; /* nobody reads it: the container must not block on that */
}

/* The end of a file is told to a terminal by a character: once ends a line begun, once more the
 * input. */
static void send_eof(struct terminal *t)
{
	struct pump *in = &t->in;
	bool within_line = in->end > 0 && in->data[in->end - 1] != '\n';
	struct termios slave;

	t->sent_eof = true;
	if (tcgetattr(t->master, &slave) < 0)
		return;
	memset(in->data, slave.c_cc[VEOF], 2);
	in->start = 0;
	in->end = within_line ? 2 : 1;
}

void terminal_pump(struct terminal *t, const struct pollfd *fds)
{
	if (fds[0].revents)
		pump_move(&t->in);
	if (t->in.ended && !t->sent_eof)
		send_eof(t);
	if (fds[1].revents)
		pump_move(&t->out);
}

bool terminal_has_output(const struct terminal *t)
{
	return terminal_is_open(t) && (!t->out.ended || !is_empty(&t->out));
}

void terminal_stop(struct terminal *t)
{
	t->out.start = t->out.end;
	t->out.ended = true;
}

void terminal_close(struct terminal *t)
{
	if (t->raw)
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &t->saved); /* it may be gone */
	t->raw = false;
	t->slave = x_close(t->slave);
	t->master = x_close(t->master);
}
