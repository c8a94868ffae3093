
namespace Prefork.Native;

/// <summary>
/// Whether this process has numbers free. A recvmsg with descriptors for which there is no number throws them away,
/// and with them somebody's connection, so whoever is about to receive one asks first.
/// </summary>
internal static class DescriptorHeadroom
{
    /// <summary>Tries it: opens <paramref name="count"/> descriptors and closes them again. Only the process's own limit (EMFILE) can stand in the way: neither this nor a recvmsg opens a file, so the system's (ENFILE) does not.</summary>
    internal static bool Has(int count, FileDescriptor sample)
    {
        Span<int> tried = stackalloc int[count];
        var opened = 0;
        while (opened < count)
        {
            var number = Libc.Fcntl(sample.Number, Linux.F_DUPFD_CLOEXEC, 0);
            if (number < 0)
            {
                break;
            }

            tried[opened++] = number;
        }

        foreach (var number in tried[..opened])
        {
            _ = Libc.Close(number);
        }

        return opened == count;
    }
}
