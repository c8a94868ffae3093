using Prefork.Native;

namespace Prefork.Conformance.Transcripts;

/// <summary>Waiting for a descriptor, with patience for a machine that has much else to do.</summary>
internal static class Readiness
{
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Whether there is something to read in time. A signal (a child of another test has ended) is no reason to stop waiting.</summary>
    internal static unsafe bool Wait(FileDescriptor descriptor)
    {
        var poll = new PollFd { Descriptor = descriptor.Number, Events = Linux.POLLIN };
        int ready;
        do
        {
            ready = Libc.Poll(&poll, 1, (int)Patience.TotalMilliseconds);
        }
        while (ready < 0 && Errno.Last == Linux.EINTR);
        return ready > 0;
    }
}
