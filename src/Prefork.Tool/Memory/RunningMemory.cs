namespace Prefork.Tool.Memory;

/// <summary>What is remembered of this application, by itself. A memory that cannot be written costs nothing but the memory.</summary>
internal sealed class RunningMemory(RememberedApplication started)
{
    /// <summary>How exactly it is known when one was seen last that could not say that it ended.</summary>
    private static readonly TimeSpan s_step = TimeSpan.FromSeconds(10);

    private RememberedApplication _now = started;
    private Action<string> _say = static _ => { };
    private DateTimeOffset _touched;

    internal void Begin(Action<string> say)
    {
        _say = say;
        _touched = DateTimeOffset.Now;
        Write(_now with { Started = _touched, ProcessId = Environment.ProcessId, Boot = ApplicationMemory.BootId, End = null });
    }

    internal void End(string reason, bool asked) => Write(_now with { End = new RememberedEnd(DateTimeOffset.Now, reason, asked) });

    /// <summary>It runs still. A file that was removed is written again.</summary>
    internal string? Touch()
    {
        var now = DateTimeOffset.Now;
        if (!ApplicationMemory.IsThere(_now.Name))
        {
            _touched = now;
            ApplicationMemory.Write(_now);
            return "what is remembered of it was removed, and is written anew";
        }

        // A clock that was set back counts, too.
        if (now - _touched >= s_step || now < _touched)
        {
            _touched = now;
            ApplicationMemory.Touch(_now.Name);
        }

        return null;
    }

    private void Write(RememberedApplication application)
    {
        _now = application;
        try
        {
            ApplicationMemory.Write(application);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CommandException)
        {
            _say($"it cannot be remembered for 'prefork list --all' and 'prefork start {application.Name}': {exception.Message}");
        }
    }
}
