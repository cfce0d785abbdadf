#pragma once

/// Has forks counted from now on. Returns 0 or an errno.
int cplatform_watch_forks(void);
