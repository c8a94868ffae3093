namespace Prefork.Tool.Completion;

/// <summary>What a shell offers for a word.</summary>
internal enum OperandKind
{
    Nothing,
    File,
    Folder,

    /// <summary>The name of an application that runs.</summary>
    Running,

    /// <summary>The name of an application that runs, or that is remembered.</summary>
    Known,

    /// <summary>A program's file, or the name of an application that is remembered.</summary>
    FileOrKnown,

    /// <summary>One of the shells that there are scripts for.</summary>
    Shell,
}
