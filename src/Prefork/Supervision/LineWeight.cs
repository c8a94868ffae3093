namespace Prefork.Supervision;

/// <summary>How much a line says about why a process ended.</summary>
internal enum LineWeight
{
    /// <summary>Nothing: empty, a frame of a stack, a brace, information, a warning.</summary>
    None,

    /// <summary>Indented: it goes with a line above.</summary>
    Detail,

    /// <summary>A line of text.</summary>
    Plain,

    /// <summary>A line of text that speaks of a failure.</summary>
    Complaint,

    /// <summary>A line of text with a stack below it.</summary>
    AboveFrames,

    /// <summary>Logged as an error.</summary>
    Error,

    /// <summary>Logged as fatal, or an exception.</summary>
    Fatal,
}
