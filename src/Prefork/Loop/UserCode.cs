using System.Runtime.ExceptionServices;

namespace Prefork.Loop;

/// <summary>
/// Runs what users have written. What it throws is an unhandled exception, as from any callback of .NET's, and ends the process; unless the program
/// has said that it handles those (<c>ExceptionHandling.SetUnhandledExceptionHandler</c>): then this call is over, and nothing else is.
/// </summary>
internal static class UserCode
{
    internal static void Run(IDispatched item)
    {
        try
        {
            item.Run();
        }
        catch (Exception exception) when (IsHandled(exception))
        {
        }
    }

    internal static void Run(Action action)
    {
        try
        {
            action();
        }
        catch (Exception exception) when (IsHandled(exception))
        {
        }
    }

    /// <summary>Raises an event: each of its handlers is a call of its own.</summary>
    internal static void Raise<TArgs>(EventHandler<TArgs>? handlers, object? sender, TArgs args)
    {
        if (handlers is null)
        {
            return;
        }

        if (IsSingle(handlers))
        {
            RaiseOne(handlers, sender, args);
            return;
        }

        foreach (var handler in handlers.GetInvocationList())
        {
            RaiseOne((EventHandler<TArgs>)handler, sender, args);
        }
    }

    /// <inheritdoc cref="Raise{TArgs}"/>
    internal static void Raise(EventHandler? handlers, object? sender)
    {
        foreach (var handler in handlers?.GetInvocationList() ?? [])
        {
            Run(() => ((EventHandler)handler)(sender, EventArgs.Empty));
        }
    }

    /// <summary>Cancels a token of the user's: each of its callbacks is a call of its own.</summary>
    internal static void Cancel(CancellationTokenSource source)
    {
        try
        {
            source.Cancel();
        }
        catch (AggregateException exceptions)
        {
            // All have run by now.
            foreach (var exception in exceptions.InnerExceptions)
            {
                Run(() => ExceptionDispatchInfo.Throw(exception));
            }
        }
    }

    private static void RaiseOne<TArgs>(EventHandler<TArgs> handler, object? sender, TArgs args)
    {
        try
        {
            handler(sender, args);
        }
        catch (Exception exception) when (IsHandled(exception))
        {
        }
    }

    private static bool IsSingle(Delegate handlers)
#if NET9_0_OR_GREATER
        => handlers.HasSingleTarget;
#else
        => handlers.GetInvocationList().Length == 1;
#endif

    /// <summary>
    /// For a filter: whether the program goes on after an exception of the user's. Throws it where nobody catches it, on a thread of its own, while the one that threw it stands where it did: a dump shows both. That ends the
    /// process, or the program takes it, and only that thread ends.
    /// </summary>
    internal static bool IsHandled(Exception exception)
    {
        var thread = new Thread(() => ExceptionDispatchInfo.Throw(exception)) { Name = "prefork unhandled exception" };
        thread.UnsafeStart();
        thread.Join();
        return true;
    }
}
