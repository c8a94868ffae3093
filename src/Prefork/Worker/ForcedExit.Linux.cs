using Prefork.Native;
using Prefork.Reporting;

namespace Prefork.Worker;

/// <summary>
/// The end of this process when its channel is lost: once the handlers that hear of it have returned, and by one code, which is decided before they are called.
/// Nothing that ends the process at the same time changes it: no handler, and no Main that returns meanwhile.
/// </summary>
internal sealed class ForcedExit
{
    private static readonly TimeSpan HandlerTime = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan ExitTime = TimeSpan.FromMilliseconds(500);

    private readonly ManualResetEventSlim _handlersDone = new();
    private readonly int _code;
    private readonly string? _why;

    /// <param name="code">The exit code.</param>
    /// <param name="why">Said on standard error, for whoever reads that; null when there is nothing to say.</param>
    internal ForcedExit(int code, string? why = null)
    {
        _code = code;
        _why = why;

        // Whoever exits, the runtime comes by here. After the program's own handlers, which were there before.
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Libc.ExitNow(_code);
    }

    /// <summary>Any thread. The process has 200 ms for its handlers and 500 ms for what it does at its exit; if it is not gone by then it is ended.</summary>
    internal void Begin() => new Thread(Exit) { IsBackground = true, Name = "prefork exit" }.Start();

    /// <summary>The handlers have returned, or there are none.</summary>
    internal void HandlersDone() => _handlersDone.Set();

    private void Exit()
    {
        new Thread(ExitByForce) { IsBackground = true }.Start();
        StandardError.Say(_why);
        _handlersDone.Wait(HandlerTime);
        Environment.Exit(_code);
    }

    /// <summary>Environment.Exit runs exit handlers, and some wait for ever.</summary>
    private void ExitByForce()
    {
        Thread.Sleep(HandlerTime + ExitTime);
        Libc.ExitNow(_code);
    }
}
