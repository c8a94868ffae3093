namespace Prefork;

/// <summary>The signals of Linux by their numbers (signal(7)); a number without a name here may be cast.</summary>
public enum Signal
{
    /// <summary>The terminal is gone; by custom: read the configuration again.</summary>
    SIGHUP = 1,

    /// <summary>Ctrl+C.</summary>
    SIGINT = 2,

    /// <summary>Ctrl+\; ends with a core dump.</summary>
    SIGQUIT = 3,

    /// <summary>Illegal instruction.</summary>
    SIGILL = 4,

    /// <summary>Trace or breakpoint.</summary>
    SIGTRAP = 5,

    /// <summary>abort(3); also <see cref="Environment.FailFast(string)"/> and an unhandled exception in .NET.</summary>
    SIGABRT = 6,

    /// <summary>Bus error.</summary>
    SIGBUS = 7,

    /// <summary>Arithmetic error.</summary>
    SIGFPE = 8,

    /// <summary>Ends the process at once; cannot be caught.</summary>
    SIGKILL = 9,

    /// <summary>Free for the program's use.</summary>
    SIGUSR1 = 10,

    /// <summary>Invalid memory access.</summary>
    SIGSEGV = 11,

    /// <summary>Free for the program's use.</summary>
    SIGUSR2 = 12,

    /// <summary>Write to a pipe that nobody reads; .NET ignores it.</summary>
    SIGPIPE = 13,

    /// <summary>alarm(2).</summary>
    SIGALRM = 14,

    /// <summary>Please end.</summary>
    SIGTERM = 15,

    /// <summary>A child has changed.</summary>
    SIGCHLD = 17,

    /// <summary>Go on after a stop.</summary>
    SIGCONT = 18,

    /// <summary>Stops the process; cannot be caught.</summary>
    SIGSTOP = 19,

    /// <summary>Ctrl+Z.</summary>
    SIGTSTP = 20,

    /// <summary>Background read from the terminal.</summary>
    SIGTTIN = 21,

    /// <summary>Background write to the terminal.</summary>
    SIGTTOU = 22,

    /// <summary>Urgent data on a socket.</summary>
    SIGURG = 23,

    /// <summary>CPU time limit exceeded.</summary>
    SIGXCPU = 24,

    /// <summary>File size limit exceeded.</summary>
    SIGXFSZ = 25,

    /// <summary>The terminal has changed size.</summary>
    SIGWINCH = 28,

    /// <summary>A call that does not exist.</summary>
    SIGSYS = 31,
}
