namespace Prefork.Native;

/// <summary>
/// Whether this process has numbers free. A recvmsg with descriptors for which there is no number throws them away,
/// and with them somebody's connection, so whoever is about to receive one asks first.
/// </summary>
/// <remarks>Only the process's own limit (EMFILE) can stand in the way: neither the question nor a recvmsg opens a file, so the system's (ENFILE) does not.</remarks>
internal static class DescriptorHeadroom
{
    private const int MostKept = 16;

    private static int s_firstKept;

    /// <summary>Tries it: opens a descriptor and closes it again.</summary>
    internal static bool Has(FileDescriptor sample) => Has(sample.Number);

    /// <inheritdoc cref="Has(FileDescriptor)"/>
    internal static bool Has(int sample) => NextNumber(sample) >= 0;

    /// <summary>
    /// The same for a client's connection, which gets none of the last numbers. They are for what else the process opens:
    /// .NET opens a pipe to start a thread, and ends the process when it cannot.
    /// </summary>
    internal static bool HasForConnection(FileDescriptor sample)
    {
        var number = NextNumber(sample.Number);
        return number >= 0 && (number < s_firstKept || number < (s_firstKept = FirstKept()));
    }

    /// <summary>What the next descriptor of this process will be, if nobody is faster; negative when there is none.</summary>
    private static int NextNumber(int sample)
    {
        var number = Libc.Fcntl(sample, Linux.F_DUPFD_CLOEXEC, 0);
        if (number >= 0)
        {
            _ = Libc.Close(number);
        }

        return number;
    }

    /// <summary>Read again whenever it is reached: somebody may have raised the limit.</summary>
    private static unsafe int FirstKept()
    {
        RLimit limit;
        if (Libc.GetRLimit(Linux.RLIMIT_NOFILE, &limit) < 0)
        {
            return int.MaxValue;
        }

        var most = (int)ulong.Min(limit.Current, int.MaxValue);
        return most - int.Min(MostKept, most / 8);
    }
}
