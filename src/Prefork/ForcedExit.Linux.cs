using Prefork.Native;

namespace Prefork;

/// <summary>
/// The end of this process when its channel is lost, as Node's worker ends: once the handlers that hear of it have returned, by one code, which is
/// decided before they are called. What they have begun and not ended cannot change it, nor can a Main that returns meanwhile. A handler that
/// ends the process itself, before it returns, keeps its own code.
/// </summary>
internal sealed class ForcedExit
{
    private static readonly TimeSpan HandlerTime = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan ExitTime = TimeSpan.FromMilliseconds(500);

    private readonly ManualResetEventSlim _handlersDone = new();
    private readonly int _code;
    private readonly string? _why;
    private Thread? _handlers;

    /// <param name="code">The exit code.</param>
    /// <param name="why">Said on standard error, for whoever reads that; null when there is nothing to say.</param>
    internal ForcedExit(int code, string? why = null)
    {
        _code = code;
        _why = why;

        // Last of these handlers, so that the others have run.
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            if (Volatile.Read(ref _handlers) != Thread.CurrentThread)
            {
                Libc.ExitNow(_code);
            }
        };
    }

    /// <summary>Any thread. The process has 200 ms for its handlers and 500 ms for what it does at its exit; if it is not gone by then it is ended.</summary>
    internal void Begin() => new Thread(Exit) { IsBackground = true, Name = "prefork exit" }.Start();

    /// <summary>Runs the handlers. By the dispatcher.</summary>
    internal void RunHandlers(Action handlers)
    {
        Volatile.Write(ref _handlers, Thread.CurrentThread);
        handlers();
        Volatile.Write(ref _handlers, null);
        _handlersDone.Set();
    }

    /// <summary>There are none.</summary>
    internal void SkipHandlers() => _handlersDone.Set();

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
