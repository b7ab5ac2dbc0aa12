/* SPDX-License-Identifier: Apache-2.0 */
/* The program is looked up as execvp(3) does, but ahead of time, so that a wrong name fails create
 * and not start. The texts are those that clients look for. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/fmt.h"
#include "init/init.h"
#include "sys/sys.h"

/* As clients expect them: in lower case. NULL: nothing special, errno tells. */
static const char *reason(int errnum)
{
	switch (errnum) {
	case ENOENT:
		return "no such file or directory";
	case ENOTDIR:
		return "not a directory";
	case EACCES:
		return "permission denied";
	default:
		return NULL;
	}
}

static enum err_kind kind_of(int errnum)
{
	return errnum == EACCES ? ERR_DENIED : ERR_NOTFOUND;
}

/* 0: a file that may be executed, else negative errno; -EISDIR for a directory. */
static int check_file(const char *path)
{
	struct stat st;
	int r = sys_fstatat(AT_FDCWD, path, &st, 0);

	if (r < 0)
		return r;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? -errno : 0;
}

/* The name has a slash: it is the path. */
static int find_by_path(const char *name, char *ret_path, struct err *e)
{
	int r = strlen(name) < PATH_MAX ? check_file(name) : -ENAMETOOLONG;

	if (r == -EACCES)
		return err_kind(e, ERR_DENIED, "exec: \"%s\": permission denied", name);
	if (r == -EISDIR)
		return err_kind(e, ERR_DENIED, "exec: \"%s\": is a directory: permission denied",
				name);
	if (r < 0 && reason(-r))
		return err_kind(e, kind_of(-r), "exec: \"%s\": stat %s: %s", name, name,
				reason(-r));
	if (r < 0)
		return err_sys(e, r, "exec", "\"%s\"", name);
	strcpy(ret_path, name);
	return 0;
}

/* An empty element of PATH is the current directory. */
static int find_in_path(const char *name, const char *dirs, char *ret_path, struct err *e)
{
	bool denied = false;

	for (;; dirs++) {
		int len = (int)strcspn(dirs, ":"), r = -ENAMETOOLONG;

		if ((size_t)len + strlen(name) + 2 < PATH_MAX) {
			fmt_str(ret_path, PATH_MAX, "%.*s%s%s", len, dirs, len ? "/" : "./", name);
			r = check_file(ret_path);
		}
		if (r == 0)
			return 0;
		denied |= r == -EACCES;
		dirs += len;
		if (*dirs == '\0')
			break;
	}
	if (denied)
		return err_kind(e, ERR_DENIED, "exec: \"%s\": permission denied", name);
	return err_kind(e, ERR_NOTFOUND, "exec: \"%s\": executable file not found in $PATH", name);
}

int program_find(const struct plan_process *pp, char *ret_path, struct err *e)
{
	const char *name = pp->argv[0];

	if (strchr(name, '/'))
		return find_by_path(name, ret_path, e);
	if (name[0] == '\0')
		return err_kind(e, ERR_NOTFOUND, "exec: \"\": executable file not found in $PATH");
	return find_in_path(name, pp->path, ret_path, e);
}

int program_chdir(const struct plan_process *pp, struct err *e)
{
	const char text[] = "chdir to cwd (\"%s\") set in config.json failed: %s";
	char cwd[PATH_MAX];
	int r = sys_chdir(pp->cwd);

	if (r < 0 && reason(-r))
		return err_kind(e, kind_of(-r), text, pp->cwd, reason(-r));
	if (r < 0)
		return err_sys(e, r, "chdir", "to cwd (\"%s\") set in config.json", pp->cwd);
	/* A directory outside of the root, reached by way of a descriptor, has no path here
	 * (CVE-2024-21626). */
	r = sys_getcwd(cwd, sizeof(cwd));
	if (r < 0 || cwd[0] != '/')
		return err_kind(e, ERR_DENIED, text, pp->cwd, "outside of the container");
	return 0;
}
