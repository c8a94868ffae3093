namespace Prefork.Reporting;

/// <summary>For what its operator should know and no handler may be there to hear: one line on the process's standard error.</summary>
internal static class StandardError
{
    /// <summary>From a loop: another thread waits for whoever reads it. Null is nothing.</summary>
    internal static void SayLater(string? text)
    {
        if (text is not null)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static text => Say(text), text, preferLocal: false);
        }
    }

    /// <summary>Waits as long as whoever reads it makes it wait: not on a loop. Null is nothing.</summary>
    internal static void Say(string? text)
    {
        try
        {
            if (text is not null)
            {
                Console.Error.WriteLine(PlainText.Line(text));
            }
        }
        catch (IOException)
        {
            // Nobody reads it.
        }
    }
}
