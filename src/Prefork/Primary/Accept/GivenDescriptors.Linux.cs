using System.Collections.Concurrent;
using System.Globalization;
using Prefork.Native;

namespace Prefork.Primary.Accept;

/// <summary>
/// The sockets of this process that workers may ask for by number: those it was started with, and those that its program has offered. A number is no right:
/// it may be that of any socket, of the program's or of the library's. Any thread.
/// </summary>
/// <remarks>Which socket it was is noted: the number may be another one's by the time somebody asks. The sockets stay whoever's they are.</remarks>
internal sealed class GivenDescriptors
{
    private const int FirstOfServiceManager = 3;

    private readonly ConcurrentDictionary<int, FileIdentity> _given = new();

    /// <summary>
    /// Those that are inherited: whatever survives an exec has no close-on-exec, with which .NET opens all that it opens; and those that a service manager has passed
    /// (sd_listen_fds(3)), which somebody may have set it on since.
    /// </summary>
    internal GivenDescriptors()
    {
        foreach (var number in DescriptorTable.Of("self").Where(static number => (Libc.Fcntl(number, Linux.F_GETFD, 0) & Linux.FD_CLOEXEC) == 0).Concat(OfServiceManager()))
        {
            Add(number);
        }
    }

    internal void Add(int number)
    {
        if (FileType.SocketOf(number) is { } socket)
        {
            _given[number] = socket;
        }
    }

    internal bool Has(int number) => _given.TryGetValue(number, out var socket) && FileType.SocketOf(number) == socket;

    private static IEnumerable<int> OfServiceManager()
        => Number(Environment.GetEnvironmentVariable("LISTEN_PID")) == Environment.ProcessId
            ? Enumerable.Range(FirstOfServiceManager, Math.Clamp(Number(Environment.GetEnvironmentVariable("LISTEN_FDS")), 0, 1024))
            : [];

    private static int Number(string? text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1;
}
